#!/bin/bash
set -euo pipefail
name="${1:-}"
[ -z "$name" ] && { echo "usage: a.sh NAME" >&2; exit 2; }
echo "$name"
