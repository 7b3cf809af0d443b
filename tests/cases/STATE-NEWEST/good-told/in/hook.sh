#!/bin/bash
session=$(jq -r .session_id)
[ -n "$session" ] || session=$(ls -t ~/.claude/projects/*/*.jsonl | head -1)
echo "ended" >> "$session.end"
