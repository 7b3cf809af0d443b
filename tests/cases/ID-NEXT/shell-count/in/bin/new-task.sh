#!/usr/bin/env bash
set -eu
tasks=state/tasks
mkdir -p "$tasks"
count=$(ls "$tasks" | wc -l)
number=$((count + 1))
file="$tasks/task-$number.md"
printf '# %s\n' "$1" > "$file"
echo "task-$number"
