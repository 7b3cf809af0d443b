#!/bin/bash
set -e
out=data
python3 - <<'PYEOF'
import sys
print(sys.argv)
PYEOF "$out"
echo "built $out"
