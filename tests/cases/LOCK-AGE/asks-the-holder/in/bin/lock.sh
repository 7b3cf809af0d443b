#!/usr/bin/env bash
set -u
resource="$1" session="$2"
file="state/locks/$resource.lock"

lock_age() {
  echo $(( $(date +%s) - $(cat "$file.since") ))
}

acquire() {
  if [ -f "$file" ]; then
    if [ "$(lock_age)" -gt "$LOCK_TTL" ] && ! kill -0 "$(cat "$file.pid")"; then
      echo "taken over"
    else
      return 1
    fi
  fi
  echo "session=$session" > "$file"
}

release() {
  rm -f "$file"
}

acquire && release
