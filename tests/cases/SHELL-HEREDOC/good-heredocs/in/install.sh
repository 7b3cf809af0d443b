#!/usr/bin/env bash
state=/var/lib/ops
cat > /usr/local/bin/beat << EOF
#!/bin/bash
touch "$state/beat" "\$1"
exec env "\$@"
EOF
cat > /usr/local/bin/end << 'EOF'
#!/bin/bash
state=${1:-/tmp}
rm -f "$state/beat" "$HOME/x" "${session:-none}"
EOF
cat << EOF
$1 and $@ are shown
EOF
export mode=fast
cat > run << 'EOF'
#!/bin/bash
echo "$mode"
EOF
