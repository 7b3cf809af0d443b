#!/bin/bash
set -euo pipefail
for task in "$@"; do
  jq --arg t "$task" '.done += [$t]' .team/state.json \
    > /tmp/team-state.json
  mv /tmp/team-state.json .team/state.json
done
