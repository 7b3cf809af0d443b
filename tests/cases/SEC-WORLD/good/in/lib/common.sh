#!/usr/bin/env bash
set -euo pipefail
chmod 755 bin
chmod 1777 spool
chmod +x bin/ops
chmod 600 state/token
