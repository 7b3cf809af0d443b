#!/usr/bin/env bash
tmux -f /dev/null new-session -d -s crew
tmux send-keys -t crew:0 "run" Enter
