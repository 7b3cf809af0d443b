#!/usr/bin/env bash
set -euo pipefail
name="$1"
if [ -z "$name" ]; then
  echo "usage: go.sh NAME" >&2
  exit 2
fi
mkdir -p "state/$name"
