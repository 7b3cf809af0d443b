#!/usr/bin/env bash
bin="$HOME/.local/bin"
cat > "$bin/ops" << EOF
#!/bin/bash
# starts ops
exec python3 -m ops "$@"
EOF
chmod +x "$bin/ops"
