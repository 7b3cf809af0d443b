#!/bin/sh
inbox="$HOME/.team/$1/inbox"
if [ -s "$inbox" ]; then
  cat "$inbox"
  : > "$inbox"
fi
