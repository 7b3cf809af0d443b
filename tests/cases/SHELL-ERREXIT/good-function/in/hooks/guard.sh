#!/usr/bin/env bash
set -e
resolve_current() {
  [ -f .current ] || { echo "no spec" >&2; return 1; }
  cat .current
}
spec=$(resolve_current) || spec=""
if [ -z "$spec" ]; then
  exit 0
fi
other=$(resolve_current)
echo "$spec$other"
