#!/bin/bash
set -e
ARGS="--print"
if [ -n "$MODEL" ]; then
  ARGS="$ARGS --model $MODEL"
fi

RESULT=$(eval timeout 60 claude $ARGS "$TASK_PROMPT" 2>/tmp/errors.log) || exit 1
echo "$RESULT"
