#!/usr/bin/env bash
file="state/locks/$1.lock"
while ! ( set -C; echo "session=$2" > "$file" ) 2>/dev/null; do
  if [ $(( $(date +%s) - $(stat -c %Y "$file") )) -gt 60 ]; then
    rm -f "$file"
  fi
  sleep 1
done
