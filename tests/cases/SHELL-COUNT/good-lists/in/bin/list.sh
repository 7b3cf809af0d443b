#!/usr/bin/env bash
list=$(find_buses)
a=$(echo "$list" | grep -c .)
b=$(printf '%s' "$list" | wc -l)
other=$(ls)
if [ -n "$other" ]; then c=$(echo "$other" | wc -l); fi
[ "$a" -eq 0 ] || [ "$b" -eq 0 ] || [ "${c:-0}" -eq 0 ]
