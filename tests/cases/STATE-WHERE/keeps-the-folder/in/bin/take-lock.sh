#!/usr/bin/env bash
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/.." && pwd)"
# usage: take-lock FILE AGENT
cd "$root"
export CALLER="$OLDPWD"
exec python3 -m tracker.locking acquire "$@"
