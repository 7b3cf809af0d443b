#!/usr/bin/env bash
set -e
payload="$(cat)"
while IFS= read -r line; do
  echo "$line"
done < state/list
grep x state/list | while read -r a b; do echo "$a $b"; done
read -r first rest <<< "$payload"
IFS= read -r version < VERSION
{ read -r one; read -r two; } < state/pair
echo "$first $rest $version $one $two"
