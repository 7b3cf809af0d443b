#!/usr/bin/env bash
set -eu
count=$(ls state/tasks | wc -l)
number=$((count + 1))
until mkdir "state/tasks/$number" 2>/dev/null; do
  number=$((number + 1))
done
echo "$1" > "state/tasks/$number/title"
