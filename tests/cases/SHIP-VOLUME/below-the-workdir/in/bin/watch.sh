#!/bin/sh
date >> state/beats.log
