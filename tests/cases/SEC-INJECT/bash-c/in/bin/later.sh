#!/usr/bin/env bash
set -euo pipefail
note="$1"
nohup bash -c "sleep 60; echo '$note' >> log.txt" &
