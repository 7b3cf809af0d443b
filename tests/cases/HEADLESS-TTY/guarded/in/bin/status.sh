#!/usr/bin/env bash
set -e
[ -t 1 ] && clear
if [ -t 1 ]; then tput bold; fi
cols="$(tput cols 2>/dev/null || echo 80)"
tput sgr0 || true
less README.md
docker run --rm alpine:3.20 true
tmux new-session -d -s work
echo "$cols"
