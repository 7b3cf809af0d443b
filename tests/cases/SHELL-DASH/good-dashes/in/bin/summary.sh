#!/usr/bin/env bash
printf -- '- %s\n' a
printf '%s\n' "- a"
printf -v line '%s' x
echo "- a"
grep -e '- a' f
grep -c -- '- a' f
grep -v "$line" f
grep -rn x .
printf '-'
