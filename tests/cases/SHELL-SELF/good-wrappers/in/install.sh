#!/usr/bin/env bash
cat > "$HOME/.local/bin/ops-server" << 'EOF'
#!/bin/bash
exec ops serve "$@"
EOF
cat > /usr/local/bin/git << 'EOF'
#!/bin/bash
exec /usr/bin/git "$@"
EOF
cat > ./bin/tool << 'EOF'
#!/bin/bash
PATH=/usr/bin
exec tool "$@"
EOF
