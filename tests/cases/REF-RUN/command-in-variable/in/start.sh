#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
CMD="node worker/main.js --phase 1"
if [ "$#" -gt 0 ]; then CMD="$CMD --task $1"; fi
$CMD
