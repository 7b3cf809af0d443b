#!/usr/bin/env bash
set -euo pipefail
main() {
  local tmp
  tmp=$(mktemp -d)
  trap "rm -rf \"$tmp\"" EXIT
}
other() {
  local aside=$(mktemp)
  trap 'rm -f "${aside:-}"' EXIT
}
whole() {
  kept=$(mktemp)
  trap 'rm -f "$kept"' EXIT
}
main; other; whole
