#!/usr/bin/env bash
if ./run-agents | tee agents.log; then
  echo "all agents done"
fi
