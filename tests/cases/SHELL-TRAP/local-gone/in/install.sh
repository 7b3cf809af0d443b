#!/usr/bin/env bash
set -euo pipefail
main() {
  local tmp
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  cp tally "$tmp/"
}
main "$@"
