#!/usr/bin/env bash
build() {
  local out=$(make all 2>&1)
  if [ $? -ne 0 ]; then
    echo "$out"
    return 1
  fi
}
build
