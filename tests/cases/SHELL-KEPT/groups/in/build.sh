#!/usr/bin/env bash
set -euo pipefail

GROUPS=(web api jobs)

for group in "${GROUPS[@]}"; do
  echo "start $group"
done

start() {
  local id=$1
  UID=$id
  docker run --user "$UID" worker
}
start 1000
