#!/usr/bin/env bash
true; YES=$?
false; NO=$?
start() {
  command "$@" 2>/dev/null &
  ret="$?"
  if [ "$ret" = 0 ]; then
    pid="$!"
    wait -- "$pid"
    ret="$?"
  fi
  return "$ret"
}
node check.js 2>&1 | head -5 || {
  echo "no answer"
  echo "look at the log"
}
start "$YES" "$NO"
