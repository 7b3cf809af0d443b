#!/bin/bash
cat > tool.py <<'PY'
import os
print(os.path.dirname(os.path.abspath(__file__)))
PY
python3 tool.py
python3 - <<'PY'
import os
here = os.path.dirname(__file__) if "__file__" in globals() else os.getcwd()
print(here)
PY
