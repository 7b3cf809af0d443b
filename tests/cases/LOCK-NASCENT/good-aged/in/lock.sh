#!/bin/bash
acquire() {
  if mkdir "$LOCK" 2>/dev/null; then
    echo "$$" > "$LOCK/pid"
    return 0
  fi
  pid=$(cat "$LOCK/pid" 2>/dev/null)
  if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    exit 1
  fi
  if [ -n "$(find "$LOCK" -mmin +1)" ]; then
    rm -rf "$LOCK"
  fi
}
acquire
