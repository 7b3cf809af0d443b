#!/usr/bin/env bash
set -euo pipefail
mkdir -p state
chmod 777 state
