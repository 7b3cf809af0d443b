#!/usr/bin/env bash
while read -r session pid; do
  if kill -0 "$pid" 2>/dev/null; then echo "$session runs"; fi
done < state/list
