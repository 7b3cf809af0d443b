#!/usr/bin/env bash
set -eu
lock=state/agent-sync.lock
exec 9> "$lock"
flock 9
make sync
rm -f "$lock"
