#!/usr/bin/env bash
set -euo pipefail
token=$(tr -dc a-z0-9 < /dev/urandom | head -c 16)
echo "$token"
