#!/usr/bin/env bash
failed=0
while read -r agent; do
  ./ping "$agent" || failed=1
done < <(cat agents.txt)
cat agents.txt | while read -r agent; do
  line="$agent"
  echo "$line"
done
exit "$failed"
