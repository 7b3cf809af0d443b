#!/usr/bin/env bash
date -d yesterday
stat -c %Y x
flock x true
