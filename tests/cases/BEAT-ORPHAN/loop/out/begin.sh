#!/usr/bin/env bash
mkdir -p "sessions/$1"
touch "sessions/$1/.beat"
SESSION_PID="${SESSION_PID:-$PPID}" nohup ./heartbeat.sh "$1" > /dev/null 2>&1 &
