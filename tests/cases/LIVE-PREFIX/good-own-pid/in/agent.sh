#!/bin/bash
set -eu
name="agent-$$"
tmux new-session -d -s "$name" claude
tmux send-keys -t "$name" "hello" Enter
tmux kill-session -t "$name"
