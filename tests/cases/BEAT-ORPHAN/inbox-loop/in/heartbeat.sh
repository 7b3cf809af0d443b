#!/usr/bin/env bash
# heartbeat.sh wakes the master
while [ ! -f state/.stop ]; do
  [ -s inbox ] && tmux send-keys -t master "events" Enter
  sleep 5
done
