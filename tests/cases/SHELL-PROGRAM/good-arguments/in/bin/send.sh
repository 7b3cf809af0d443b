#!/usr/bin/env bash
text="$1"
now=$(date +%s)
here="$(cd "$(dirname "$0")" && pwd)"
python3 - "$text" <<'EOF'
import sys
print(sys.argv[1])
EOF
TEXT="$text" python3 -c 'import os; print(os.environ["TEXT"])'
python3 -c "print('$now')"
python3 -c "print(int($1))"
python3 -c "open('$here/a')"
