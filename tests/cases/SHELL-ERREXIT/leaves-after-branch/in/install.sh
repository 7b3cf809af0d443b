#!/usr/bin/env bash
set -e
clean() {
  [ -z "$KEEP" ] && rm -rf "$PREFIX"
}
STATUS=0
build || STATUS=$?
if [ "$STATUS" = 0 ]; then
  activate
else
  clean
fi
exit "$STATUS"
