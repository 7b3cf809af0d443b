#!/usr/bin/env bash
session=$(jq -r .session_id)
[ -n "$session" ] || session="${CLAUDE_SESSION_ID:-$$}"
touch "$HOME/.marks/$session"
