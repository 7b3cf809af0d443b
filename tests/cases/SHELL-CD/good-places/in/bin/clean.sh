#!/usr/bin/env bash
cd build-area || exit 1
rm -rf out
cd other && rm -rf out
state=$(./where-is-state)
[ -n "$state" ] || exit 1
rm -rf "$state/sessions"
cd "$(dirname "$0")"
rm -rf out
cd third
rm -rf /var/tmp/ops
