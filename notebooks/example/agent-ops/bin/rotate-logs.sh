#!/bin/sh
# Keeps the event log small. Runs from cron.
set -u
root="$(cd "$(dirname "$0")/.." && pwd)"
log="$root/logs/events.jsonl"
limit=5000000

if [[ -f "$log" ]]; then
  size=$(wc -c < "$log")
  if [ "$size" -gt "$limit" ]; then
    cp "$log" "$log.1"
    : > "$log"
  fi
fi

for old in $(ls $root/logs/*.1); do
  gzip -f $old
done
