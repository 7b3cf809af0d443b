#!/usr/bin/env bash
set -e
read -r -p "Release the lock? [y/N] " answer
[ "$answer" = y ] || exit 1
rm -f state/lock
