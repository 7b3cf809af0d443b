#!/usr/bin/env bash
input=$(cat)
TOOL_INPUT=$(jq -r .tool_input <<< "$input")
echo "$TOOL_INPUT"
cd "$CLAUDE_PROJECT_DIR"
