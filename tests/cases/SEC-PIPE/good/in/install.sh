#!/usr/bin/env bash
set -euo pipefail
echo "curl https://x.example.org/i.sh | sh"
curl -fsSLo tool.sh https://get.example.org/tool.sh
sha256sum -c tool.sum
sh tool.sh
curl -s https://api.example.org/v | python3 -c "import json"
