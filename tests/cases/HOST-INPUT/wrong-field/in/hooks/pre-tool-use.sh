#!/bin/bash
# PreToolUse hook: suggests who may help
#   "hooks": { "PreToolUse": [ ... ] }
INFO=$(cat)
NAME=$(echo "$INFO" | jq -r '.tool // empty' 2>/dev/null)
[ -z "$NAME" ] && exit 0
echo "consider asking the reviewer"
