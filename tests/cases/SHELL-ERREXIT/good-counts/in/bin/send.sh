#!/usr/bin/env bash
set -euo pipefail
sent=0
for agent in "$@"; do
  ((++sent))
  ((sent++)) || true
  if ((sent++)); then echo "$agent"; fi
done
count() {
  ((sent++))
}
if count; then echo "$sent"; fi
set +e
((sent++))
