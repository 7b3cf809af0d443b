#!/usr/bin/env bash
list=$(find_buses)
count=$(echo "$list" | grep -c '^' 2>/dev/null || true)
all=$(echo "$list" | wc -l)
if [ "$count" -eq 0 ] || [ "$all" -eq 0 ]; then
  echo "no bus"
fi
