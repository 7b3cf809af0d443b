#!/usr/bin/env bash
deploy() {
  ./push || {
    echo "push failed" >&2
    exit $?
  }
}
./notify
if [ $? -ne 0 ]; then
  return $?
fi
deploy
