#!/bin/bash
cat > demo.py << 'EOF'
import sys
sys.path.insert(0, '/Users/mkarlsson/Projects/tracker')
EOF
python3 demo.py
