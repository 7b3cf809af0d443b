#!/usr/bin/env bash
set -euo pipefail
mkdir -p state
chmod 700 state
