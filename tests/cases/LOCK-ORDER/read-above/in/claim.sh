#!/usr/bin/env bash
set -euo pipefail
Q="$HOME/.agents/queue.txt"

next=$(head -n 1 "$Q")
exec 9>"$Q.lock"
flock 9
sed -i 1d "$Q"
flock -u 9
echo "$next"
