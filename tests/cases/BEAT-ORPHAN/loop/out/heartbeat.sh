#!/usr/bin/env bash
set -u
dir="sessions/$1"
while [ -e "$dir/.beat" ] && kill -0 "${SESSION_PID:-$PPID}" 2>/dev/null; do
  date -u +%s > "$dir/heartbeat"
  sleep 30
done
