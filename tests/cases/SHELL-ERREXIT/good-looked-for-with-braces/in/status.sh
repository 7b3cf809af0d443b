#!/usr/bin/env bash
set -euo pipefail
if [ -d "$HOOKS" ]; then
  count=$(find "${HOOKS}" -name '*.sh' 2>/dev/null | wc -l | tr -d ' ')
  echo "$count"
fi
