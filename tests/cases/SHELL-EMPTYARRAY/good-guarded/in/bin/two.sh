#!/usr/bin/env bash
set -euo pipefail
rows=()
if [ "${#rows[@]}" -gt 0 ]; then
  echo "${rows[@]}"
fi
