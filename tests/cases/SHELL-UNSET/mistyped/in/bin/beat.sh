#!/usr/bin/env bash
set -euo pipefail
session=$1
touch "state/$sesion.beat"
echo "$session"
