#!/usr/bin/env bash
set -eu
registry=state/agents.json
jq --arg a "$1" '.[$a].status = "busy"' "$registry" > "$registry.tmp"
mv "$registry.tmp" "$registry"
