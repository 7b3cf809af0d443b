#!/usr/bin/env bash
trap "rm -f state/lock" EXIT
touch state/lock
exec ./run-session "$1"
