#!/bin/bash
set -euo pipefail
hour=$(date +%H)
if [[ $hour -lt 9 ]]; then
  echo early
fi
left=$((60 - $(date +%M)))
echo "$left"
