#!/usr/bin/env bash
set -eu
file=$(echo "${TOOL_INPUT:-}" | jq -r '.file_path // empty')
[ -n "$file" ] || exit 0
yamllint "$file"
