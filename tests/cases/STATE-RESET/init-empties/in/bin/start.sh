#!/bin/bash
SESSIONS="$HOME/.team/sessions.json"
start_all() {
    echo '[]' > "$SESSIONS"
    tmux new-session -d -s team
}
start_all
