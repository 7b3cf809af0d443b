#!/usr/bin/env bash
if [ ! -f config.toml ]; then
  echo "ERROR: config.toml is missing"
  exit 0
fi
./run config.toml
