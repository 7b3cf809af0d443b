#!/usr/bin/env bash
set -eu
SUMMARY=$(cat "$1")
python3 -c "
import json
print(json.dumps({'message': '''${SUMMARY}'''}))
"
