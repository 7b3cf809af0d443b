#!/usr/bin/env bash
set -eu
session="$(cat "state/$TMUX_PANE.current-session")"
echo "ended" >> "sessions/$session/diary.md"
