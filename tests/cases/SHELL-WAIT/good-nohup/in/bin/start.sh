#!/usr/bin/env bash
set -eu
for name in a b; do
  nohup collect "$name" > "$name.json" &
done
echo "Done"
