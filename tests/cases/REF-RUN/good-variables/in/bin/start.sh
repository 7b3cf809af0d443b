#!/usr/bin/env bash
set -euo pipefail
SCRIPT="$(readlink -f "$0")"
DIR="${SCRIPT%/*}"
ROOT="${TRACKER_ROOT:-$(dirname "$DIR")}"
export LIB="$ROOT/lib"
. "$LIB/paths.sh"
exec "$TOOLS/stop.sh"
