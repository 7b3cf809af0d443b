#!/usr/bin/env bash
set -euo pipefail
if ! tmux has-session -t main 2>/dev/null; then
  tmux start-server
  tmux set-option -g base-index 0
  tmux new-session -d -s main
fi
