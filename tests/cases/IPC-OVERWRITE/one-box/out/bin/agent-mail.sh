#!/usr/bin/env bash
set -u
box="inbox/$2.msg"
if [ "$1" = to ]; then
  printf '%s\n' "$3" > "$box.new.$$"
  mv "$box.new.$$" "$box.$(date +%s).$$"
else
  for message in "$box" "$box".[0-9]*; do  # the oldest first
    if [ -f "$message" ]; then box="$message"; break; fi
  done
  cat "$box"
  rm -f "$box"
fi
