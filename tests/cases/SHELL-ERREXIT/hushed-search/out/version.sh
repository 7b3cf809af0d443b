#!/usr/bin/env bash
set -euo pipefail
version="$(grep -o '"version"[^,]*' plugin.json 2>/dev/null | head -1 | cut -d'"' -f4 || true)"
echo "not found in this version ($version)" >&2
