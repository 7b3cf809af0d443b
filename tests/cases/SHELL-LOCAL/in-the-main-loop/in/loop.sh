#!/usr/bin/env bash
set -e
for i in 1 2; do
  local number=""
  number=$i
  echo "$number"
done
