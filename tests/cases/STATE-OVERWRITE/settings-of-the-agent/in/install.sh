#!/bin/sh
set -eu
DIR="$HOME/.claude"
mkdir -p "$DIR"
cp settings.json "$DIR/settings.json"
echo "installed $DIR/settings.json"
