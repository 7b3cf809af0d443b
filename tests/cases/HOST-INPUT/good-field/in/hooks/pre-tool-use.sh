#!/bin/bash
INFO=$(cat)
NAME=$(echo "$INFO" | jq -r '.tool_name // empty')
[ -z "$NAME" ] && exit 0
