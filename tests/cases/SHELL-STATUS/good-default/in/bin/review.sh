#!/bin/bash
set -o pipefail
base="$(git rev-parse --abbrev-ref '@{upstream}' 2>/dev/null | sed 's|origin/||' || echo main)"
set +o pipefail
other="$(git config tally.base || echo main)"
none="$(git config tally.base | cut -c1-9 || echo "")"
git diff "$base...$other$none"
