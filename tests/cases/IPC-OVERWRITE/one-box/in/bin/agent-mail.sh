#!/usr/bin/env bash
set -u
box="inbox/$2.msg"
if [ "$1" = to ]; then
  printf '%s\n' "$3" > "$box"
else
  cat "$box"
  rm -f "$box"
fi
