#!/usr/bin/env bash
for f in "$HOME"/.agents/heartbeat/*; do
  age=$(( $(date +%s) - $(stat -c %Y "$f") ))
  [ "$age" -gt 300 ] && rm -f "$f"
done
