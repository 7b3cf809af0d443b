#!/bin/sh
STATUS_DIR="$HOME/.cache/tracker/status"
rm -f "$STATUS_DIR"/*.status
bin/track.sh one
ls "$STATUS_DIR"
