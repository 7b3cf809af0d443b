#!/usr/bin/env bash
set -euo pipefail
open=$(ls state/*.lock 2>/dev/null | wc -l)
echo "$open locks"
