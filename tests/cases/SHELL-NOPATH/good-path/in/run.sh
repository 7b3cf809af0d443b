#!/usr/bin/env bash
export PATH="$HOME/.local/bin:$PATH"
PATH=/usr/bin:/bin
BIN_PATH=$(dirname "$0")
PATH="$BIN_PATH:$PATH" tool
PATH=$(getconf PATH):$PATH
only() {
  local PATH=$1
  echo "$PATH"
}
only x
(
  PATH=$TOOL_BIN
  git status
)
echo "# local PATH"
git status
