#!/usr/bin/env bash
set -euo pipefail
Q="$HOME/.agents/queue.txt"
next=$(head -n 1 "$Q")
[ -n "$next" ] || exit 0
exec 9>"$Q.lock"
flock 9
next=$(head -n 1 "$Q")
sed -i 1d "$Q"
flock -u 9
echo "$next"
