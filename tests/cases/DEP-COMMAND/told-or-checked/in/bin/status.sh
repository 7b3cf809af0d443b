#!/bin/sh
jq -r .id state.json
command -v tmux >/dev/null || exit 1
tmux ls
gh pr list || echo none
