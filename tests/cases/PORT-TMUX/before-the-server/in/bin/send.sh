#!/usr/bin/env bash
tmux new-session -d -s crew
tmux send-keys -t crew:0 "run" Enter
