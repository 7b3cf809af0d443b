#!/usr/bin/env bash
while read -r host; do
  ssh -n "$host" uptime
  ssh "$host" uptime < /dev/null
  echo "$host" | ssh "$host" cat
done < hosts.txt
while read -r -u 3 task; do
  claude -p "$task"
done 3< tasks.txt
while true; do
  read -r answer
  claude -p "$answer"
done
