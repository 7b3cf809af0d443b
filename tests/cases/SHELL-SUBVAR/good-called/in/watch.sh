#!/usr/bin/env bash
STATUS="unknown"
LIST=""

load() {
  STATUS="ok"
  LIST=$(cat registry)
}

name_of() {
  local NAME=x
  echo "$NAME"
}

load
echo "$LIST: $STATUS $(name_of)"
