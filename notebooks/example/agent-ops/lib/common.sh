# Shared by the scripts in bin/. Source it, do not run it.

OPS_ROOT="${OPS_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
. "$OPS_ROOT/config/ops.conf"

OPS_STATE="$OPS_ROOT/state"
OPS_LOG="$OPS_ROOT/logs/events.jsonl"
export OPS_ROOT PYTHONPATH="$OPS_ROOT"
mkdir -p "$OPS_STATE/locks" "$OPS_ROOT/logs" "$OPS_ROOT/sessions" "$OPS_ROOT/inbox"
chmod 777 "$OPS_STATE" "$OPS_STATE/locks" "$OPS_ROOT/inbox" 2>/dev/null

now_iso() {
  date -u +%Y-%m-%dT%H:%M:%SZ
}

# emit EVENT SESSION AGENT [key=value ...]: one line in the event log
emit() {
  local event=$1 session=$2 agent=$3 extra="" pair
  shift 3
  for pair in "$@"; do
    extra+=",\"${pair%%=*}\":\"${pair#*=}\""
  done
  printf '{"ts":"%s","event":"%s","session":"%s","agent":"%s","host":"%s","pid":%d%s}\n' \
    "$(now_iso)" "$event" "$session" "$agent" "$(hostname)" "$$" "$extra" >> "$OPS_LOG"
}

registry() {
  python3 -m opslib.registry "$@"
}

# The session of this terminal, unless the caller names one.
current_session() {
  if [ -n "${OPS_SESSION:-}" ]; then
    echo "$OPS_SESSION"
  else
    cat "$OPS_ROOT/.current-session"
  fi
}
