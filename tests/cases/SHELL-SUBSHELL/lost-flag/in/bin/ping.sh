#!/usr/bin/env bash
failed=0
cat agents.txt | while read -r agent; do
  ./ping "$agent" || failed=1
done
exit "$failed"
