#!/bin/bash
set -e
# a clean start
rm -f .agent_locks/*.lock 2>/dev/null || true
tmux new-session -d -s agents
