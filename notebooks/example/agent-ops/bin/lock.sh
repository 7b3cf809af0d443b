#!/usr/bin/env bash
# Locks so that two sessions do not edit the same thing.
#   lock.sh acquire|release RESOURCE [SESSION]
#   lock.sh list
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

action="${1:?acquire, release or list}"
if [ "$action" = list ]; then
  grep -H . "$OPS_STATE"/locks/*.lock
  exit 0
fi

resource="${2:?resource}"
session="${3:-$(current_session)}"
agent="$(registry get "$session" agent)"
file="$OPS_STATE/locks/${resource//\//__}.lock"

lock_age() {
  echo $(( $(date +%s) - $(stat -c %Y "$file") ))
}

acquire() {
  local try event=lock.acquire
  for ((try = 0; try < OPS_LOCK_TRIES; try++)); do
    if [ -f "$file" ]; then
      if [ "$(lock_age)" -gt "$OPS_LOCK_TTL" ]; then
        event=lock.steal
        break
      fi
      [ "$try" -eq 0 ] && emit lock.wait "$session" "$agent" resource="$resource"
      sleep 5
      continue
    fi
    break
  done
  if [ "$try" -ge "$OPS_LOCK_TRIES" ]; then
    emit lock.timeout "$session" "$agent" resource="$resource"
    echo "lock: $resource is busy" >&2
    return 1
  fi
  branch="$(git -C "$OPS_ROOT" rev-parse --abbrev-ref HEAD 2>/dev/null)"
  echo "session=$session agent=$agent branch=$branch since=$(now_iso)" > "$file"
  emit "$event" "$session" "$agent" resource="$resource"
}

release() {
  rm -f "$file"
  emit lock.release "$session" "$agent" resource="$resource"
}

case "$action" in
  acquire) acquire ;;
  release) release ;;
  *) echo "lock: unknown action $action" >&2; exit 2 ;;
esac
