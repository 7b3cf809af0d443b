#!/usr/bin/env bash
# One heartbeat, or one every OPS_HEARTBEAT_SECONDS with --loop.
#   heartbeat.sh [SESSION] [--loop]
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

session="${1:-$(current_session)}"
dir="$OPS_ROOT/sessions/$session"
agent="$(registry get "$session" agent)"

beat() {
  registry set "$session" status=active last_heartbeat="$(now_iso)" || true
  emit session.heartbeat "$session" "$agent"
}

if [ "${2:-}" != "--loop" ]; then
  beat
  exit 0
fi

while [ -e "$dir/.beat" ]; do
  beat
  sleep "$OPS_HEARTBEAT_SECONDS"
done
