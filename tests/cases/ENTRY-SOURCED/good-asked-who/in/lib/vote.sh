#!/bin/bash
vote() { echo "$1"; }
score() { echo 1; }
win() { echo a; }
if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
case "${1:-}" in
  vote) shift; vote "$@" ;;
  score) score ;;
  win) win ;;
  *) echo "Usage: $0 vote|score|win" >&2; exit 1 ;;
esac
fi
