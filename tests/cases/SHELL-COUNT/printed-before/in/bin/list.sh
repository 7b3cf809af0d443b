#!/usr/bin/env bash
set -euo pipefail
n=$(grep '"type":"assistant"' "$LOG" | jq -s '[.[] | .message] | length' 2>/dev/null || echo 0)
[ "$n" -gt 2 ] && echo many
