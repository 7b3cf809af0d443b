#!/usr/bin/env bash
BINARY="$HOME/bin/fleet"
tmux bind-key A display-popup -E "$BINARY list"
tmux bind-key D display-popup -E "$BINARY delete"
tmux bind-key R display-popup -E "$BINARY rm"
