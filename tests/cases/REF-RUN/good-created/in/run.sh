#!/usr/bin/env bash
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$here/run"
cat > "$here/run/env.sh" <<EOF
PORT=8080
EOF
. "$here/run/env.sh"
python3 -m venv "$here/.venv"
. "$here/.venv/bin/activate"
npm run build
node "$here/dist/server.js"
. "$here/secrets.sh"
