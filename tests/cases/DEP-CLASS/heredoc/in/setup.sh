#!/bin/bash
set -e
cat > "$DIR/server.js" << 'EOF'
import { McpServer } from 'sdk';
// the Server is here
const a = new McpServer();
const server = new Server({});
EOF
node server.js
