#!/bin/bash
set -euo pipefail
agent="$1"
branch="${agent}-$(date +%Y%m%d)"
if git show-ref --verify --quiet "refs/heads/$branch"; then
  git worktree add ".worktrees/$agent" "$branch"
else
  git worktree add ".worktrees/$agent" -b "$branch"
fi
