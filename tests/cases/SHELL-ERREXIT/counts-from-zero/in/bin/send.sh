#!/usr/bin/env bash
set -euo pipefail
sent=0
for agent in "$@"; do
  printf "%s\n" "$agent"
  ((sent++))
done
echo "$sent messages"
