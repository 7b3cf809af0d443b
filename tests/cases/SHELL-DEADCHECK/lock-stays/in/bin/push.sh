#!/usr/bin/env bash
set -e
./push-state
if [ $? -ne 0 ]; then
  ./release-lock
  exit 1
fi
