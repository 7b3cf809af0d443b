#!/usr/bin/env bash
set -o pipefail
./run-agents 2>&1 | tee agents.log
if [ $? -ne 0 ]; then
  exit 1
fi
local_out=$(make all)
if [ $? -ne 0 ]; then exit 1; fi
./list | grep -q ready
if [ $? -eq 0 ]; then echo ready; fi
./one || rc=$?
./two &
wait $!
rc=$?
echo "$rc"
