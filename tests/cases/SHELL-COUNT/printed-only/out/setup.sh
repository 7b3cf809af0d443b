#!/usr/bin/env bash
list() {
  local count
  count=$(skills "$1" | grep -c . || true)
  printf "%2s skills\n" "$count"
}
other() {
  local count=0
  count=$((count + 1))
  echo "$count"
}
list a
other
