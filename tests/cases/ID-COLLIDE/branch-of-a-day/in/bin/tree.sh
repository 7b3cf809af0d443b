#!/bin/bash
set -euo pipefail
agent="$1"
branch="${agent}-$(date +%Y%m%d)"
git worktree add ".worktrees/$agent" -b "$branch"
