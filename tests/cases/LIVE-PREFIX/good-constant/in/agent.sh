#!/bin/bash
set -eu
SESSION="${SESSION:-agents}"
tmux new-session -d -s "$SESSION" claude
tmux send-keys -t "$SESSION" "hello" Enter
tmux kill-session -t "$SESSION"
