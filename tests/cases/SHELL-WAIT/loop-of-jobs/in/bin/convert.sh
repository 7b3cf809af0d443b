#!/usr/bin/env bash
set -eu
for file in sessions/*.csv; do
  convert "$file" > "out/$(basename "$file").json" &
done
echo "All sessions converted"
