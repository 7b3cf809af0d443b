#!/usr/bin/env bash
open=$(git status --short | grep -c "^ M" || true)
if [ "$open" -gt 0 ]; then
  echo "$open files"
fi
