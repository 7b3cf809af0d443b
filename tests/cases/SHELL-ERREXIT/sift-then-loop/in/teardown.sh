#!/bin/bash
set -euo pipefail
name=$1
git branch --merged main | grep "agent-" | while read -r branch; do
  git branch -d "$branch"
done
rm -f "state/$name.json"
