#!/usr/bin/env bash
set -euo pipefail
sent=0
for agent in "$@"; do
  printf "%s\n" "$agent"
  sent=$((sent + 1))
done
echo "$sent messages"
