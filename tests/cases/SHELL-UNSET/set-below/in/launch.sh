#!/usr/bin/env bash
set -euo pipefail
cmd_start() {
  local names=""
  while IFS='|' read -r name _; do
    names="$names $name"
  done < "$AGENTS_CFG"
  docker build --build-arg "NAMES=$names" .
  AGENTS_CFG=$(mktemp)
  cp agents.txt "$AGENTS_CFG"
}
cmd_start
