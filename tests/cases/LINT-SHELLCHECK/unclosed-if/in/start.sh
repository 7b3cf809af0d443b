#!/bin/bash
set -eu
if [ -f state.json ]; then
  echo "resuming"
echo "started"
