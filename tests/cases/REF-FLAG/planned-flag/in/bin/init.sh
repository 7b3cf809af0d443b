#!/usr/bin/env bash
set -eu
case "${1:-general}" in
  general|review) echo "$2" ;;
  *) echo "unknown type" >&2; exit 1 ;;
esac
