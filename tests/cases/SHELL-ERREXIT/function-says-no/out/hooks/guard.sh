#!/usr/bin/env bash
set -euo pipefail
source "$(dirname "$0")/lib.sh"
list_open() {
  printf '%s\n' "$1" | grep -v '^$' | sort
}
spec=$(resolve_current 2>/dev/null || true)
if [ -z "$spec" ]; then
  exit 0
fi
open=$(list_open "$spec" || true)
[ -n "$open" ] || open=none
echo "$open"
