#!/bin/bash
set -e
count=$(python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(f"{d[\"items\"]} items")' state.json)
echo "$count"
