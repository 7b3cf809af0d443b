#!/usr/bin/env bash
set -eu
pids=()
for file in *.csv; do
  convert "$file" &
  pids+=("$!")
done
. ./lib.sh
collect "${pids[@]}"
echo "All done"
