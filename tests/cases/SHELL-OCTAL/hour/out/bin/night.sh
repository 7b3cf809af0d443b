#!/bin/bash
set -euo pipefail
hour=$(date +%H)
if [[ 10#$hour -lt 9 ]]; then
  echo early
fi
left=$((60 - 10#$(date +%M)))
echo "$left"
