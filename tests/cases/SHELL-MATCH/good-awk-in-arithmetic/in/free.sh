#!/usr/bin/env bash
free="$(($(awk -F ':|kB' '/MemFree:/ {printf $2}' /proc/meminfo) / 1024))"
echo "$free"
