#!/bin/bash
PID_FILE="$HOME/.tracker/watch.pid"
if [ -f "$PID_FILE" ]; then
    pid=$(cat "$PID_FILE")
    if kill -0 "$pid" 2>/dev/null; then
        kill "$pid"
    fi
    rm -f "$PID_FILE"
fi
