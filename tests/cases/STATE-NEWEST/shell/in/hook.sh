#!/bin/bash
# records the end of the session
session=$(ls -t ~/.claude/projects/*/*.jsonl | head -1)
echo "ended $(date)" >> "${session%.jsonl}.end"
