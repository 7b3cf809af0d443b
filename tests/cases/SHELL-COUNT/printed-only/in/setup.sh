#!/usr/bin/env bash
list() {
  local count
  count=$(skills "$1" | grep -c . || echo 0)
  printf "%2s skills\n" "$count"
}
other() {
  local count=0
  count=$((count + 1))
  echo "$count"
}
list a
other
