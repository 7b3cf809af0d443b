#!/usr/bin/env bash
sum=$(md5sum "$1" 2>/dev/null | cut -d' ' -f1 || md5 -q "$1" 2>/dev/null)
echo "$sum"
