#!/usr/bin/env bash
cat tasks.txt | while IFS= read -r task; do
  claude -p "$task"
done
