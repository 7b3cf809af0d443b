#!/usr/bin/env bash
set -euo pipefail
message="$1"
osascript -e "display notification \"$message\""
