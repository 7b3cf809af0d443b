#!/usr/bin/env bash
set -euo pipefail
cmd="$1"
bash -c "$cmd"
