#!/usr/bin/env bash
WT_DIR="$HOME/.worktrees"
git worktree add "$WT_DIR/a" main
rm -rf "$WT_DIR"
git worktree prune
rm -rf "$HOME/.cache/agents"
