#!/usr/bin/env bash
set -eu
session="$(date -u +%Y%m%d_%H%M%S)"
mkdir -p "sessions/$session"
echo "$session" > .current-session
