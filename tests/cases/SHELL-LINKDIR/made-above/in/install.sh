#!/bin/bash
set -euo pipefail
DIR="$HOME/.claude"
mkdir -p "$DIR"/{rules,agents,hooks}
for one in rules agents; do
  to="$DIR/$one"
  [[ -L "$to" ]] && rm -f "$to"
  ln -s "$PWD/global/$one" "$to"
done
