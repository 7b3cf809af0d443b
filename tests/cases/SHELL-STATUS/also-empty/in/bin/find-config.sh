#!/usr/bin/env bash
configured() {
  local file=$(find_file .toolrc)
  if [ $? -eq 0 ] && [ -n "$file" ]; then
    echo "$file"
  fi
}
find_file() {
  [ -f "$1" ] && echo "$1"
}
configured
