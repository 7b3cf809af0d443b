#!/usr/bin/env bash
set -euo pipefail
out="/tmp/ops-report"
date > "$out"
