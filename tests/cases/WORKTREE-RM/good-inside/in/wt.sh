#!/usr/bin/env bash
WORKTREE_PATH="$HOME/.worktrees/$1"
git worktree add "$WORKTREE_PATH" main
rm -rf "$WORKTREE_PATH/.claude"
ln -s "$HOME/.claude" "$WORKTREE_PATH/.claude"
