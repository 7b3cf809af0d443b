#!/usr/bin/env bash
set -e
if [ -t 0 ]; then read -r -p "Release the lock? [y/N] " answer; else answer="${END_ANSWER:-n}"; fi
[ "$answer" = y ] || exit 1
rm -f state/lock
