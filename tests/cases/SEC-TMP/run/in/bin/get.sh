#!/usr/bin/env bash
set -euo pipefail
cat > /tmp/ops-step.sh <<EOF
echo hello
EOF
bash /tmp/ops-step.sh
