#!/bin/bash
set -euo pipefail
git branch | grep "agent-" | while read -r branch; do
  git branch -d "$branch"
done
