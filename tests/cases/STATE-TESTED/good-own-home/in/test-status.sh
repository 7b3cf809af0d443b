#!/bin/sh
HOME=$(mktemp -d)
export HOME
STATUS_DIR="$HOME/.cache/tracker/status"
rm -f "$STATUS_DIR"/*.status
bin/track.sh one
