#!/usr/bin/env bash
if [ -n "${ZSH_VERSION:-}" ] || [ -f "$HOME/.zshrc" ]; then
  rc="$HOME/.zshrc"
else
  rc="$HOME/.bashrc"
fi
echo "export PATH=\"$HOME/bin:\$PATH\"" >> "$rc"
