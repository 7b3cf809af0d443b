#!/bin/bash
set -euo pipefail
submit() {
  local file="$1" task="$2" plan_text="$3"
  python3 - "$file" "$task" <<EOF
import json, sys
plan = """$plan_text"""
json.dump({sys.argv[2]: plan}, open(sys.argv[1], "w"))
EOF
}
submit "$@"
