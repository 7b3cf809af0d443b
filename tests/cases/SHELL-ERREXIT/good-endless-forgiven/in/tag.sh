#!/usr/bin/env bash
set -euo pipefail
TAG="$(LC_ALL=C tr -dc 'a-z0-9' </dev/urandom | head -c 4 || true)"
echo "$TAG"
