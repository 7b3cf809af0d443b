#!/usr/bin/env bash
set -euo pipefail
echo "{\"id\": \"$1\", \"note\": \"$2\"}" >> state/events.jsonl
