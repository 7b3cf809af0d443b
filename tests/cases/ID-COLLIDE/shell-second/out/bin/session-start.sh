#!/usr/bin/env bash
set -eu
session="$(date -u +%Y%m%d_%H%M%S)_$$"
mkdir -p "sessions/$session"
echo "$session" > .current-session
