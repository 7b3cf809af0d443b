#!/bin/bash
INPUT=$(cat)
(
  curl -s -X POST http://localhost:8420/event -d "$INPUT"
) &
exit 0
