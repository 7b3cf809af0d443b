#!/bin/sh
date >> "$HOME/.state/beats"
