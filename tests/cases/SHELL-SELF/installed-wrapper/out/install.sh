#!/usr/bin/env bash
cat > "$HOME/.local/bin/ops-server" << 'EOF'
#!/bin/bash
own="$(cd "$(dirname "$0")" && pwd)"
PATH="$(printf '%s' ":$PATH:" | sed "s|:$own:|:|g")"
exec ops-server --port 8420 "$@"
EOF
