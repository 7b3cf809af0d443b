#!/usr/bin/env bash
note="$1"
printf '%s\n' "{\"session\":\"$SESSION\",\"note\":\"$note\"}" >> logs/events.jsonl
