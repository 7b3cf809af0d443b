#!/usr/bin/env bash
set -eu
lock=state/locks/build.lock
until mkdir "$lock" 2>/dev/null; do sleep 1; done
trap 'rmdir "$lock"' EXIT
make all
rmdir "$lock"
