#!/usr/bin/env bash
show() {
  local dir=$1
  for PATH in "$dir"/*; do
    basename "$PATH"
  done
}
show "$1"
