#!/usr/bin/env bash
wait_for() {
  local limit="${1:-10}"
  local waited=0
  local pause=0.3
  while [[ $waited -lt $limit ]]; do
    [ -e lock ] || return 0
    sleep "$pause"
    waited=$(echo "$waited + $pause" | bc)
  done
  return 1
}
wait_for 10
