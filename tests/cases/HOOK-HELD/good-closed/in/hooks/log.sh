#!/bin/bash
INPUT=$(cat)
(
  curl -s -X POST http://localhost:8420/event -d "$INPUT"
) </dev/null >/dev/null 2>&1 &
curl -s http://localhost:8420/ping > /dev/null 2>&1 &
nohup afplay ding.aiff >/dev/null 2>&1 &
exit 0
