#!/usr/bin/env bash
set -euo pipefail
LIMIT=300
for f in "$HOME"/.agents/heartbeat/*; do
  age=$(( $(date +%s) - $(stat -c %Y "$f") ))
  if [ "$age" -gt "$LIMIT" ]; then
    rm -f "$f" "$HOME/.agents/locks/$(basename "$f").lock"
  fi
done
