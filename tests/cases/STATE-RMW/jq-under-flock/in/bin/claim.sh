#!/usr/bin/env bash
set -eu
registry=state/agents.json
exec 9> state/guard
flock 9
jq --arg a "$1" '.[$a].status = "busy"' "$registry" > "$registry.tmp"
mv "$registry.tmp" "$registry"
