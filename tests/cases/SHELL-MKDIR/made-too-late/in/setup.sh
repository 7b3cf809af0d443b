#!/usr/bin/env bash
set -euo pipefail
TALLY_DIR="$HOME/.tally"
if [ ! -f "$TALLY_DIR/auth.json" ]; then
  cp shared/auth.json "$TALLY_DIR/auth.json"
fi
mkdir -p "$TALLY_DIR/agents"
cp agents.json "$TALLY_DIR/agents/"
