#!/bin/sh
STATUS_DIR="$HOME/.cache/tracker/status"
mkdir -p "$STATUS_DIR"
echo working > "$STATUS_DIR/$1.status"
