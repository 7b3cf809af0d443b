#!/usr/bin/env bash
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
if [ -n "${BASH_VERSION:-}" ] || [ -f "$HOME/.bashrc" ]; then
  rc="$HOME/.bashrc"
elif [ -n "${ZSH_VERSION:-}" ]; then
  rc="$HOME/.zshrc"
fi
echo "export PATH=\"$here/bin:\$PATH\"" >> "$rc"
