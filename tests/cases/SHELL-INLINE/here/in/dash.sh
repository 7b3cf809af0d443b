#!/bin/bash
python3 - "$1" <<'PY'
import os, sys
base = os.path.dirname(os.path.abspath(__file__))
print(os.path.join(base, sys.argv[1]))
PY
