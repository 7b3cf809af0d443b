#!/usr/bin/env bash
python3 - <<'PY'
print('a=1')
PY
  | while read -r line; do echo "$line"; done
