#!/usr/bin/env bash
cat required.txt | while read -r tool; do
  if ! command -v "$tool"; then
    echo "$tool is missing" >&2
    exit 1
  fi
done
echo "all tools are there"
