#!/usr/bin/env bash
set -euo pipefail
inbox="inbox/$1.msg"
text="$2"
if [ "$3" = to ]; then
  printf 'NOTE="%s"\n' "$text" > "$inbox"
else
  source "$inbox"
fi
