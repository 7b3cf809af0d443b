#!/usr/bin/env bash
set -e

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
INSTALL_DIR="${HOME}/.local/bin"
cd "$HERE"
cargo build --bin ops --release
mkdir -p "$INSTALL_DIR"
cp "$HERE/target/release/ops" "$INSTALL_DIR/"

cargo install --path "$HERE" --bin ops-server --features server --root "$(dirname "$INSTALL_DIR")" --force
chmod +x "$INSTALL_DIR/ops-server"
