#!/usr/bin/env bash
set -euo pipefail
mkdir -p "$HOME/.agents/heartbeat"
touch "$HOME/.agents/heartbeat/$1"
claude -p "work on $1"
rm -f "$HOME/.agents/heartbeat/$1"
