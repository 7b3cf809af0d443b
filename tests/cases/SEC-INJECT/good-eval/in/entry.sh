#!/bin/bash
set -e
runner=${RUNNER:-claude}
eval "$runner --print \"\$TASK_PROMPT\""
eval 'claude --print "$TASK_PROMPT"'
eval "$TASK_COMMAND"
prompt="Say hello"
eval "claude --print \"$prompt\""
TASK=one
eval "echo \$${TASK}_name"
eval "$(ssh-agent)"
