#!/bin/bash
set -euo pipefail
many=$(grep -c 'agent-' "$1" || true)
if [ "$many" -gt 0 ]; then
  grep -n 'agent-' "$1" | while read -r line; do
    echo "$line"
  done
fi
echo done
