#!/usr/bin/env bash
note="$1"
jq -nc --arg note "$note" '{note: $note}' >> logs/events.jsonl
