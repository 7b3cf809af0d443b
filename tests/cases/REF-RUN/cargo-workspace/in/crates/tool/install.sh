#!/usr/bin/env bash
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
TOP="$(dirname "$HERE")"
cp "$TOP/target/release/tool" "$HOME/.local/bin/"
