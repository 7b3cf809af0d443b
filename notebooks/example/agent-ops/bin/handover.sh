#!/usr/bin/env bash
# Passes work from one agent to the next through the inbox.
#   handover.sh to AGENT TEXT [SESSION]
#   handover.sh accept AGENT [SESSION]
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

action="${1:?to or accept}"
peer="${2:?agent}"
inbox="$OPS_ROOT/inbox/$peer.msg"

if [ "$action" = to ]; then
  text="${3:?text}"
  session="${4:-$(current_session)}"
  agent="$(registry get "$session" agent)"
  task="$(registry get "$session" task)"
  printf 'FROM="%s"\nTASK="%s"\nNOTE="%s"\n' "$session" "$task" "$text" > "$inbox"
  emit handover.offer "$session" "$agent" to="$peer" note="$text"
  "$here/diary.sh" "$session" HANDOVER "To $peer: $text"
else
  session="${3:-$(current_session)}"
  [ -f "$inbox" ] || { echo "handover: nothing for $peer"; exit 0; }
  source "$inbox"
  rm -f "$inbox"
  emit handover.accept "$session" "$peer" from="$FROM" task="$TASK"
  "$here/diary.sh" "$session" ACCEPT "From $FROM ($TASK): $NOTE"
fi
