#!/usr/bin/env bash
set -e
found=""
if [ -z "$found" ] && command -v claude &> /dev/null; then
  found="$(which claude)"
fi
if [ -n "$found" ]; then echo "$found"; fi
