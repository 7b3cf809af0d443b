#!/usr/bin/env bash
# Adds an entry to a session's diary.
#   diary.sh SESSION KIND TEXT
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

session="$1" kind="$2" text="$3"
agent="$(registry get "$session" agent)"
task="$(registry get "$session" task)"
file="$OPS_ROOT/sessions/$session/diary.md"

[ -f "$file" ] || printf '# Session %s\n' "$session" > "$file"
{
  printf '\n## [%s UTC] %s - %s - %s\n\n' "$(date -u '+%Y-%m-%d %H:%M')" "${agent^}" "$task" "$kind"
  printf '%s\n' "$text"
} >> "$file"
