#!/usr/bin/env bash
set -euo pipefail
git add -A
