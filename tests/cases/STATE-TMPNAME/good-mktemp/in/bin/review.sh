#!/bin/bash
set -euo pipefail
aside=$(mktemp .team/state.XXXXXX)
jq . .team/state.json > "$aside"
mv "$aside" .team/state.json
