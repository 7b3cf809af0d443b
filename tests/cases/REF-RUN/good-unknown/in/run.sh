#!/usr/bin/env bash
set -euo pipefail
cd "$1"
./configure.sh
source "$CONFIG_DIR/settings.sh"
for part in a b; do
  bash "$(dirname "$0")/$part.sh"
done
/opt/tool/run.sh
"$HOME/bin/other.sh"
TMP="$(mktemp -d)"
bash "$TMP/x.sh"
