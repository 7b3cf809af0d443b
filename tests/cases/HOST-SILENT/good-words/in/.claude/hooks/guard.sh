#!/bin/bash
input=$(cat)
if grep -q 'rm -rf' <<< "$input"; then
  echo "Blocked: rm -rf" >&2
  exit 2
fi
echo "checked"
exit 0
