#!/usr/bin/env bash
cat > "$HOME/.local/bin/ops-server" << 'EOF'
#!/bin/bash
exec ops-server --port 8420 "$@"
EOF
