#!/bin/sh
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
ln -sfn "$HERE/global/agents" "$HOME/.agents"
