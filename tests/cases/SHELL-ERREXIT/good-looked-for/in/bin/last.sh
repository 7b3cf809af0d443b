#!/usr/bin/env bash
set -euo pipefail
log=$1
if [ -f "$log" ]; then
  last=$(tail -n 1 "$log" 2>/dev/null | cut -c1-20)
  [ -z "$last" ] || echo "$last"
fi
key=$(grep key "$log" || true)
if ! other=$(grep other "$log"); then
  other=none
fi
[ -z "$other" ] || echo "$key"
