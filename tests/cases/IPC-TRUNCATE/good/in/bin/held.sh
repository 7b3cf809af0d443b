#!/bin/bash
exec 9>"$HOME/.team/lock"
flock 9
events="$(cat "$HOME/.team/inbox")"
: > "$HOME/.team/inbox"
echo "$events"
