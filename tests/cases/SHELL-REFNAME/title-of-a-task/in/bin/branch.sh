#!/usr/bin/env bash
task=$1
branch="agent/$task"
git worktree add ../work -b "$branch"
