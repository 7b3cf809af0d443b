#!/usr/bin/env bash
tail -n 20 log.jsonl | jq -r .text &
shown=$!
wait "$shown"
