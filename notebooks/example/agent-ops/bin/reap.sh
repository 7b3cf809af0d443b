#!/usr/bin/env bash
# Expires sessions whose last heartbeat is older than OPS_STALE_AFTER seconds.
#   reap.sh [--loop]
set -u
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib/common.sh"

reap_once() {
  local now beat session agent row
  now="$(date +%s)"
  mapfile -t rows < <(registry active)
  for row in "${rows[@]}"; do
    IFS=$'\t' read -r session agent beat <<< "$row"
    [ -n "$beat" ] || continue
    if [ $(( now - $(date -d "$beat" +%s) )) -gt "$OPS_STALE_AFTER" ]; then
      registry set "$session" status=expired ended_at="$(now_iso)"
      emit session.expire "$session" "$agent" reason=stale
      echo "expired $session ($agent)"
    fi
  done
}

reap_once
while [ "${1:-}" = "--loop" ]; do
  sleep 60
  reap_once
done
