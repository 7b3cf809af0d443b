#!/usr/bin/env bash
git worktree add --force "$1" "$2"
