#!/bin/bash
HERE="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$HOME/.local/bin"
ln -sf "$HERE/tools/fleet" "$HOME/.local/bin/fleet"
