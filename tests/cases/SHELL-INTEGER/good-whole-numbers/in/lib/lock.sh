#!/usr/bin/env bash
pause=0.3
waited=0
while [ "$waited" -lt 10 ]; do
  sleep "$pause"
  waited=$((waited + 1))
done
used=$(echo "$pause * 10" | bc)
[ "${used%.*}" -gt 2 ] && echo long
if (( $(echo "$pause > 0.1" | bc -l) )); then echo yes; fi
