#!/usr/bin/env bash
set -e
tool=""
if command -v jq > /dev/null 2>&1; then
  tool=$(command -v jq)
fi
[ -n "$tool" ] || exit 1
if grep -q host ops.conf; then
  host=$(grep host ops.conf)
  if [ -n "$host" ]; then echo "$host"; fi
fi
