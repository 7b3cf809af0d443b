#!/usr/bin/env bash
set -euo pipefail
groups=(web api jobs)
for group in "${groups[@]}"; do
  echo "start $group as $UID"
done
