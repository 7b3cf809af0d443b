#!/usr/bin/env bash
# Registers a session, opens its diary and starts its heartbeat.
#   session-start.sh AGENT [TASK]
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

agent="${1:-${OPS_AGENT:-agent}}"
task="${2:-${OPS_TASK:-none}}"
session="$(date -u +%Y%m%d_%H%M%S)"
dir="$OPS_ROOT/sessions/$session"

mkdir -p "$dir"
echo "$session" > "$OPS_ROOT/.current-session"
registry add "$session" agent="$agent" task="$task" pid="$$" started_at="$(now_iso)"
emit session.start "$session" "$agent" task="$task"
"$here/diary.sh" "$session" START "Picked up $task."

touch "$dir/.beat"
nohup "$here/heartbeat.sh" "$session" --loop > /dev/null 2>&1 < /dev/null &

echo "$session"
exit 0
