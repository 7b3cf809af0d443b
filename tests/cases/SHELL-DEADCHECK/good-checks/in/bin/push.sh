#!/usr/bin/env bash
set -e
if ! ./push-state; then
  ./release-lock
  exit 1
fi
./other || rc=$?
echo "${rc:-0}"
set +e
./third
rc=$?
set -e
rm -f lock
exit "$rc"
