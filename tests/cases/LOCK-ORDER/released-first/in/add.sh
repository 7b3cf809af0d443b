#!/usr/bin/env bash
set -euo pipefail
DB="$HOME/.agents/db.json"
exec 9>"$DB.lock"; flock 9
new=$(jq --arg s "$1" '.sessions += [$s]' "$DB")
flock -u 9
printf '%s\n' "$new" > "$DB"
