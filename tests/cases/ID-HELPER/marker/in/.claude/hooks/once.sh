#!/usr/bin/env bash
cat > /dev/null
session="${CLAUDE_SESSION_ID:-$$}"
mark="$HOME/.marks/$session"
[ -e "$mark" ] && exit 0
touch "$mark"
echo hello
