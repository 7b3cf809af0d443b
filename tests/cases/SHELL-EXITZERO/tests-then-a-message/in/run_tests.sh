#!/bin/bash
if python3 -m pytest --version >/dev/null 2>&1; then
  python3 -m pytest tests/
else
  python3 -m unittest discover tests
fi
echo "Test suite complete"
