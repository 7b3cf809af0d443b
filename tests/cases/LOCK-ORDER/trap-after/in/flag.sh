#!/usr/bin/env bash
LOCK="$HOME/.agents/queue.lock"
held=0
cleanup() { [ "$held" = 1 ] && rmdir "$LOCK"; }
trap cleanup EXIT
mkdir "$LOCK" 2>/dev/null || exit 1
held=1
./work.sh
