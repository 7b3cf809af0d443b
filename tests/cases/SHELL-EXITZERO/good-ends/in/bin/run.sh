#!/usr/bin/env bash
if [ ! -f config.toml ]; then
  echo "nothing to do, skipped"
  exit 0
fi
if ! ./run; then
  echo "ERROR: run failed" >&2
  exit 1
fi
exit 0
