#!/usr/bin/env bash
set -euo pipefail
LAST=${LAST:-}
cmd_start() {
  for n in 1 2; do
    echo "${BEFORE:-none}"
    BEFORE=$n
  done
  echo "$LAST"
  LAST=now
  CFG=$(mktemp)
  echo "$CFG"
}
cmd_start
