#!/usr/bin/env bash
set -euo pipefail
ROOT=$(cd "$(dirname "$0")" && pwd)
TALLY_DIR="$HOME/.tally"
OTHER="$HOME/.other"
mkdir -p "$TALLY_DIR"
cp a.json "$TALLY_DIR/a.json"
if [ -d "$OTHER" ]; then cp a.json "$OTHER/a.json"; fi
cp a.json "$HOME/.third/a.json" || true
mkdir -p "$OTHER" "$HOME/.third" "$ROOT/state"
echo x > "$ROOT/x"
BIN="$HOME/.bin"
if [ -f "$BIN/tally" ]; then cp "$BIN/tally" "$BIN/tally.bak"; fi
mkdir -p "$BIN"
