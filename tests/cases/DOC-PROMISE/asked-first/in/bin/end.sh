#!/usr/bin/env bash
set -e
held="$(grep -l "session=$1 " state/locks/*.lock || true)"
if [ -n "$held" ]; then
  read -r -p "Release them? [y/N] " answer
  [ "$answer" = "y" ] || exit 1
  rm -f $held
fi
