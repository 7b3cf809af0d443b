#!/bin/sh
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
ln -sfn "$HERE/global/agents" "$HOME/.agents"
rm -rf "$HOME/.rules"
ln -sf "$HERE/global/rules" "$HOME/.rules"
ln -sf "$HERE/global/rules/a.md" "$HOME/a.md"
