#!/usr/bin/env bash
# no flock on macOS: a folder is the fallback for macOS/BSD
mapfile -t names < names.txt
echo "${names[@]}"
