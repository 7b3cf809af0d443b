#!/usr/bin/env bash
grep -E 'a|b' x
grep -q 'a\|b' x
grep -F 'a|b' x
grep '| open |' table.md
grep -P '\d' x
fields="$(awk '{print $2}' x)"
ssh h "awk '{print \$2}' x"
awk "NR==$1" x
echo "$fields"
