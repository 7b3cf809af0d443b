#!/usr/bin/env bash
set -euo pipefail
LOCK="$HOME/.agents/queue.lock"
cleanup() { rmdir "$LOCK" 2>/dev/null || true; }
trap cleanup EXIT
if ! mkdir "$LOCK" 2>/dev/null; then
  echo "locked by another session" >&2
  exit 1
fi
./work.sh
