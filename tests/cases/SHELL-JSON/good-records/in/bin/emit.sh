#!/usr/bin/env bash
session=$1
note=$(printf "%s" "$2" | jq -Rs .)
jq -n --arg note "$2" '{"note": $note}'
echo "{\"session\":\"$session\",\"at\":\"$(date +%s)\",\"note\":$note}"
echo "{\"message\":\"$message\"}" >> events.jsonl
