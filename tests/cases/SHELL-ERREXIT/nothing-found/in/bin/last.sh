#!/usr/bin/env bash
set -euo pipefail
log=$1
last=$(grep "handover" "$log" | tail -n 1)
if [ -z "$last" ]; then
  echo "no handover yet"
  exit 0
fi
echo "$last"
