#!/usr/bin/env bash
stat -f %m names.txt 2>/dev/null || stat -c %Y names.txt
