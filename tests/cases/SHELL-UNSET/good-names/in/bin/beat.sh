#!/usr/bin/env bash
set -euo pipefail
session=$1
read -r line < state/x
for one in a b; do echo "$one"; done
mapfile -t rows < state/x
printf -v stamp "%s" x
for ((i = 0; i < 3; i++)); do echo "$i"; done
while getopts "ab:" opt; do echo "$opt"; done
echo "$session $line ${rows[0]} $stamp ${mode:-} $HOSTNAME"
awk "{ print \$name }" x
