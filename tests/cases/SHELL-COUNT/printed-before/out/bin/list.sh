#!/usr/bin/env bash
set -euo pipefail
n=$(grep '"type":"assistant"' "$LOG" | jq -s '[.[] | .message] | length' 2>/dev/null || true)
[ "$n" -gt 2 ] && echo many
