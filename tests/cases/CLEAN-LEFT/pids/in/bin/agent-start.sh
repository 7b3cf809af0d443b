#!/usr/bin/env bash
set -eu
claude --print "$2" &
echo $! > "state/$1.pid"
wait
