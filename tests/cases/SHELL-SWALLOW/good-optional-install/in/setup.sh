#!/bin/bash
set -e
# optional: colours
pip install -r requirements-extra.txt || true
npm ci || true
if [ ! -d node_modules ]; then echo "npm failed" >&2; exit 1; fi
npm install -g left-pad || true
