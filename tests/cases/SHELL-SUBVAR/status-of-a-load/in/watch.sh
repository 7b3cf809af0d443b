#!/usr/bin/env bash
STATUS="unknown"

load() {
  if [ ! -r registry ]; then
    STATUS="missing"
    return 1
  fi
  cat registry
}

list=$(load)
echo "$list: $STATUS"
