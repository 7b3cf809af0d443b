#!/bin/bash
set -eu
name="agent-$1"
pane=$(tmux new-session -d -P -F '#{pane_id}' -s "$name" claude)
tmux send-keys -t "$pane" "hello" Enter
