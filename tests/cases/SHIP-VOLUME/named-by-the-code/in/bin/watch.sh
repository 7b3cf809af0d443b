#!/bin/sh
date >> /app/state/beats.log
