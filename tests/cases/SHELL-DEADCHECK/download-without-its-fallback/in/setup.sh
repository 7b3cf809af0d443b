#!/usr/bin/env bash
set -e
mkdir -p out
curl -s https://downloads.tracker.invalid/server.js > out/server.js

if [ ! -s out/server.js ] || grep -q "Not Found" out/server.js; then
  echo "no download, the copy of this package is taken"
  cp lib/server.js out/server.js
fi
