#!/usr/bin/env bash
note() {
  add "$1" "$(date -u +"%H:%M") "round $2"
}

done_with() {
  echo "$1"
}
