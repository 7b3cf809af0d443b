#!/usr/bin/env bash
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
if [ -f "$here/local.conf" ]; then
  . "$here/local.conf"
fi
[ -x "$here/hook.sh" ] && "$here/hook.sh"
"$here/extra.sh" || true
bash "$here/optional.sh" || echo "no optional part"
