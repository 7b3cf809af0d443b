#!/usr/bin/env bash
set -eu
tmp="$(mktemp)"
trap 'rm -f "$tmp"' EXIT
python3 -m report > "$tmp"
mv "$tmp" docs/report.md
