#!/bin/bash
rc=0
python3 -m pytest tests/ || rc=1
echo "Test suite complete"
exit "$rc"
