#!/usr/bin/env bash
file="state/locks/$1.lock"
while ! ( set -C; echo "session=$2" > "$file" ) 2>/dev/null; do
  if [ $(( $(date +%s) - $(stat -c %Y "$file") )) -gt 60 ] && ! kill -0 "$(cut -d= -f2 "$file")"; then
    rm -f "$file"
  fi
  sleep 1
done
