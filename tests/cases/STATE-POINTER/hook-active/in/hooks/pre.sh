#!/bin/bash
MEM="$HOME/.claude/memories"
ACTIVE="$MEM/.active.json"
printf '{"agent":"a","start":%s}\n' "$(date +%s)" > "$ACTIVE"
