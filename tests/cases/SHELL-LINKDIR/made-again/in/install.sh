#!/bin/sh
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
ln -sf "$HERE/global/agents" "$HOME/.agents"
