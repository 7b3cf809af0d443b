#!/usr/bin/env bash
set -e
verbose=0
debug() {
  [ "$verbose" = 1 ] && echo "debug: $*"
  return 0
}
is_on() {
  [ -f state/on ] && [ -s state/on ]
}
note() {
  [ -f state/on ] && echo "$1" >> state/on
}
debug "starting"
if is_on; then echo on; fi
note a || true
who=$(note b && echo ok || echo none)
[ -d state ] && echo "$who"
echo end
