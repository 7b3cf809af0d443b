#!/bin/bash
MEM="$HOME/.claude/memories"
ACTIVE="$MEM/.active.json"
printf '{"start":%s}\n' "$(date +%s)" > "$ACTIVE"
