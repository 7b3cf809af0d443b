#!/usr/bin/env bash
set -euo pipefail
log=$1
last=$(grep "handover" "$log" | tail -n 1 || true)
if [ -z "$last" ]; then
  exit 0
fi
name=$(grep "^name" "$log" | cut -d= -f2)
echo "$name $last"
where=$(cat "$log" | tail -n 1)
[ -n "$where" ] || exit 0
show() {
  local one=$(grep "x" "$log")
  [ -z "$one" ] && echo none
  return 0
}
show
