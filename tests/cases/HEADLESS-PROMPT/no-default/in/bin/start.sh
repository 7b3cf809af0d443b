#!/usr/bin/env bash
set -euo pipefail
read -rp "Session name: " name
echo "$name" > current
