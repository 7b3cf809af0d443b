#!/bin/bash
# after an agent
MEM="$HOME/.claude/memories"
ACTIVE="$MEM/.active.json"
if [ -f "$ACTIVE" ]; then
    cat "$ACTIVE"
    rm -f "$ACTIVE"
fi
