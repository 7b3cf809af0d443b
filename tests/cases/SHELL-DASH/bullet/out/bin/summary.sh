#!/usr/bin/env bash
set -eu
printf -- '- Branch: %s\n' "$(git branch --show-current)"
open=$(grep -c -e '- \[ \]' tasks.md || true)
echo "$open"
