#!/usr/bin/env bash
open=$(git status --short | grep -c "^ M" || echo 0)
if [ "$open" -gt 0 ]; then
  echo "$open files"
fi
