#!/usr/bin/env bash
case "${SHELL:-}" in
  */zsh) rc="$HOME/.zshrc" ;;
  *) rc="$HOME/.bashrc" ;;
esac
if [ -n "${BASH_VERSION:-}" ]; then echo "writes to $rc (.bashrc or .zshrc)"; fi
