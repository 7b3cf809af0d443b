#!/usr/bin/env bash
# Who is working on what.
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

declare -A count=()
width="$(tput cols)"
clear
printf '%-18s %-10s %-10s %-9s %s\n' SESSION AGENT TASK STATUS PROCESS
while IFS=$'\t' read -r session agent task status pid; do
  if kill -0 "$pid" 2>/dev/null; then process=running; else process=gone; fi
  printf '%-18s %-10s %-10s %-9s %s\n' "$session" "$agent" "$task" "$status" "$process" | cut -c "1-${width:-80}"
  count[$status]=$(( ${count[$status]:-0} + 1 ))
done < <(registry list)

echo
for status in "${!count[@]}"; do
  echo "$status: ${count[$status]}"
done
