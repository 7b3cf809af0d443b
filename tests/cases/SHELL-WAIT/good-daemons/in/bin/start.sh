#!/usr/bin/env bash
set -eu
for name in a b; do
  run_agent "$name" > "$name.log" 2>&1 &
done
echo "All agents started successfully"
