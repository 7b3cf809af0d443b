#!/usr/bin/env bash
set -eu
CONTENT="$2"
python3 -c "
import json
print(json.dumps({'content': '''$CONTENT'''}))
"
