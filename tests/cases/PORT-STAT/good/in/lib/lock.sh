#!/usr/bin/env bash
stale() {
  local now age
  now=$(date +%s)
  age=$(( now - $(stat -c %Y "$1" 2>/dev/null || stat -f %m "$1" 2>/dev/null || echo 0) ))
  [ "$age" -gt 60 ]
}
stale "$1"
