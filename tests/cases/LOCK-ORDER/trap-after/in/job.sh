#!/usr/bin/env bash
LOCK="$HOME/.agents/queue.lock"
mkdir "$LOCK" 2>/dev/null || { echo locked >&2; exit 1; }
trap 'rmdir "$LOCK"' EXIT
./work.sh
