#!/usr/bin/env bash
WORKTREE_PATH="pr_$1"
if ! git worktree list | grep -q "$WORKTREE_PATH"; then
  rm -rf "$WORKTREE_PATH"
fi
git worktree add "$WORKTREE_PATH" main
