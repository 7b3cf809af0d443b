#!/usr/bin/env bash
set -euo pipefail
count=$(ls hooks/*.sh 2>/dev/null | wc -l | tr -d ' ')
echo "$count"
