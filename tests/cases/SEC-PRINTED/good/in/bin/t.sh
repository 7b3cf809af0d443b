#!/usr/bin/env bash
set -euo pipefail
token() {
  echo "${OPS_TOKEN}"
}
echo "key=$API_KEY" > .env
