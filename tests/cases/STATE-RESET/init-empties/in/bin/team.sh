#!/bin/bash
TEAM_DIR="${TEAM_DIR:-$HOME/.team}"
REG="$TEAM_DIR/registry.tsv"
case "${1:-}" in
  init)
    mkdir -p "$TEAM_DIR"
    : > "$REG"
    ;;
  add)
    printf '%s\n' "$2" >> "$REG"
    ;;
esac
