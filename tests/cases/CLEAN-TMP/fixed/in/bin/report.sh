#!/usr/bin/env bash
set -eu
tmp="/tmp/weekly-report"
python3 -m report > "$tmp"
mv "$tmp" docs/report.md
