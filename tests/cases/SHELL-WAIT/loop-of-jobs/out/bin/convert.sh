#!/usr/bin/env bash
set -eu
for file in sessions/*.csv; do
  convert "$file" > "out/$(basename "$file").json" &
done
wait
echo "All sessions converted"
