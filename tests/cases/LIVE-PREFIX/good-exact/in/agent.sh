#!/bin/bash
set -eu
name="agent-$2"
case "$1" in
    start) tmux new-session -d -s "$name" claude ;;
    stop) tmux kill-session -t "=$name" ;;
esac
