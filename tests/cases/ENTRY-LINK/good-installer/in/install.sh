#!/bin/bash
HERE="$(cd "$(dirname "$0")" && pwd)"
ln -sf "$HERE/follows" "$HOME/.local/bin/follows"
ln -sf "$HERE/alone" "$HOME/.local/bin/alone"
cp "$HERE/copied" "$HOME/.local/bin/copied"
ln -sf "$HERE/copied" "$HOME/.claude/hooks/copied"
