#!/usr/bin/env bash
bin="$HOME/.local/bin"
cat > "$bin/beat" << EOF
#!/bin/bash
name=\$(hostname)
echo "\$name"
now=1
echo "$now"
EOF
