#!/usr/bin/env bash
emit() {
  local extra="" pair
  for pair in "$@"; do
    extra+=",\"${pair%%=*}\":\"${pair#*=}\""
  done
  printf "{%s}\n" "$extra"
}
emit "$@"
