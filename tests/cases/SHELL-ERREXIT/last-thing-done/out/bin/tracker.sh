#!/usr/bin/env bash
set -e
status_bar() {
  if [[ -f "$CACHE" ]]; then cat "$CACHE"; fi
}
case "${1:-}" in
  status-bar) status_bar ;;
  *) exit 1 ;;
esac
