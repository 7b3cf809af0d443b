#!/usr/bin/env bash
set -euo pipefail
log=$1
host=$(grep "^host" "$log" | cut -d= -f2 || true)
if [ -z "$host" ]; then
  echo "no host in $log" >&2
  exit 1
fi
echo "$host"
