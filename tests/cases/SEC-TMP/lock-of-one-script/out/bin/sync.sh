#!/usr/bin/env bash
set -eu
mkdir -p "$HOME/.local/state"
LOCK_FILE="$HOME/.local/state/tracker-sync.lock"
exec 200>"$LOCK_FILE"
flock -n 200 || exit 0
echo synced
