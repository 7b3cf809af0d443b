#!/usr/bin/env bash
set -euo pipefail
out="$(mktemp)"
date > "$out"
date > "/tmp/ops-$$.log"
echo "cat x > /tmp/file"
[ -f /tmp/flag ] && echo yes
sock=/tmp/ops.sock
