#!/usr/bin/env bash
lines_of() {
  local -a lines
  mapfile -t lines < "$1"
  echo "${#lines[@]}"
}
