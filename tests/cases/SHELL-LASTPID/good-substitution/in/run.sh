#!/usr/bin/env bash
tail -f -n 0 log.jsonl > >(jq -r .text) &
shown=$!
work
kill "$shown"
