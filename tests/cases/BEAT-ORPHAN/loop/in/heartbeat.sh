#!/usr/bin/env bash
set -u
dir="sessions/$1"
while [ -e "$dir/.beat" ]; do
  date -u +%s > "$dir/heartbeat"
  sleep 30
done
