#!/bin/bash
acquire() {
  local lock_dir="$STATE_DIR/.loop.lock"
  if mkdir "$lock_dir" 2>/dev/null; then
    echo "$$" > "$lock_dir/pid"
    return 0
  fi
  local pid
  pid=$(cat "$lock_dir/pid" 2>/dev/null || echo "")
  if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    exit 1
  fi
  rm -rf "$lock_dir"
  mkdir "$lock_dir" && echo "$$" > "$lock_dir/pid"
}
acquire
