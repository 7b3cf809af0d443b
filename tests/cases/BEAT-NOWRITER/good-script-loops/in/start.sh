#!/usr/bin/env bash
( while sleep 60; do touch "$HOME/.agents/heartbeat/$1"; done ) &
beat=$!
claude -p "work on $1"
kill "$beat"
