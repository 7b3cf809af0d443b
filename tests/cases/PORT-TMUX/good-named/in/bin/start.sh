#!/usr/bin/env bash
set -euo pipefail
if ! tmux has-session -t main 2>/dev/null; then
  tmux new-session -d -s main -n work
  tmux set-option -t main mouse on
fi
tmux send-keys -t main:work "run" Enter
