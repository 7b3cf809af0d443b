#!/usr/bin/env bash
set -e
status_bar() {
  [[ -f "$CACHE" ]] && cat "$CACHE"
}
case "${1:-}" in
  status-bar) status_bar ;;
  *) exit 1 ;;
esac
