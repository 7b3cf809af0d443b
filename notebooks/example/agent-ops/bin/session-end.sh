#!/usr/bin/env bash
# Closes a session: locks, diary, registry, event log.
#   session-end.sh [SESSION]
set -e
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

session="${1:-$(current_session)}"
agent="$(registry get "$session" agent)"
held="$(grep -l "session=$session " "$OPS_STATE"/locks/*.lock 2>/dev/null || true)"

if [ -n "$held" ]; then
  echo "Session $session still holds:"
  echo "$held"
  read -r -p "Release them and close? [y/N] " answer
  [ "$answer" = "y" ] || exit 1
  rm -f $held
fi

"$here/diary.sh" "$session" END "Session closed."
registry set "$session" status=ended ended_at="$(now_iso)"
rm -f "$OPS_ROOT/sessions/$session/.beat"
emit session.end "$session" "$agent" reason=clean
python3 -m opslib.notify "$session" > /dev/null 2>&1 || true
