#!/usr/bin/env bash
set -e
git add -A
git commit
git commit -m "kept"
git commit --amend --no-edit
