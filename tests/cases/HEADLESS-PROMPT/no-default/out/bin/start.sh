#!/usr/bin/env bash
set -euo pipefail
if [ -t 0 ]; then read -rp "Session name: " name; else name="${START_NAME:-}"; [ -n "$name" ] || { echo "START_NAME is not set, and there is no terminal to ask" >&2; exit 1; }; fi
echo "$name" > current
