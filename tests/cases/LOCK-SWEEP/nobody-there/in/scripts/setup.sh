#!/bin/bash
set -e
if ! pgrep -f agent-worker > /dev/null; then
  rm -f .agent_locks/*.lock
fi
