#!/bin/bash
set -uo pipefail
TEAM_DIR="${TEAM_DIR:-/tmp/agent-team}"
META="$TEAM_DIR/meta.env"
[ -f "$META" ] && . "$META" 2>/dev/null
mkdir -p "$TEAM_DIR"
printf 'NAME=%q\n' "${1:-}" > "$META"
