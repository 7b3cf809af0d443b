#!/usr/bin/env bash
set -e
mkdir -p .locks
find .locks -name "*.lock" -delete
for a in 1 2 3; do ./agent.sh "$a" & done
wait
