#!/usr/bin/env bash
set -e
curl -fsS https://downloads.tracker.invalid/a.js -o a.js
if [ ! -s a.js ]; then
  echo "nothing came" >&2
  exit 1
fi
curl -fsS https://downloads.tracker.invalid/b.js -o b.js || true
if [ ! -s b.js ]; then
  cp a.js b.js
fi
curl -fsS https://downloads.tracker.invalid/c.js -o c.js
if [ ! -s d.js ]; then
  cp a.js d.js
fi
