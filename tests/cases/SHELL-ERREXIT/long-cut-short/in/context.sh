#!/usr/bin/env bash
set -euo pipefail
budget=40
tree_output="$(find . -type f)"
printf '%s\n' "$tree_output" | head -n "$budget"
git log --format=%s | head -5
git log -n 5 --format=%s | head -5
if git log --format=%s | head -1; then
  echo done
fi
