#!/bin/bash
input=$(cat)
if grep -q 'rm -rf' <<< "$input"; then
  echo "Blocked: rm -rf"
  exit 2
fi
exit 0
