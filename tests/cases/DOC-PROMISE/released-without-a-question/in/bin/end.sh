#!/usr/bin/env bash
set -e
held="$(grep -l "session=$1 " state/locks/*.lock || true)"
if [ -n "$held" ]; then
  rm -f $held
fi
