#!/bin/bash
set -e
git branch | grep "agent-" | while read -r branch; do
  git branch -d "$branch"
done
echo done
