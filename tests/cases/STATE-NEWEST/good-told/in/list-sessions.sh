#!/bin/bash
session=$(ls -t ~/.claude/projects/*/*.jsonl | head -1)
echo "latest: $session"
