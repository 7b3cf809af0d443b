#!/usr/bin/env bash
./run-agents 2>&1 | tee agents.log
if [ $? -ne 0 ]; then
  echo "agents failed" >&2
  exit 1
fi
