#!/bin/bash
REG="$HOME/.team/registry.tsv"
OWN="$HOME/.team/$SESSION_ID/tasks"
init() {
    [ -e "$REG" ] || : > "$REG"
    : > "$OWN"
    : > "$HOME/.team/start.log"
}
setup() {
    if tmux has-session -t =team 2>/dev/null; then echo "runs already" >&2; return 1; fi
    : > "$REG"
}
finish() {
    : > "$REG"
}
init; setup; finish
