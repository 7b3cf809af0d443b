#!/bin/bash
pid=$(cat "$HOME/.tracker/watch.pid")
if ps -p "$pid" -o args= | grep -q tracker-watch; then
    kill "$pid"
fi
