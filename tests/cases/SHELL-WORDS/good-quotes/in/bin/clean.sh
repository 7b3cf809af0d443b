#!/usr/bin/env bash
root="$(cd "$(dirname "$0")/.." && pwd)"
rm -rf "$root/state/tmp"
flags="-f"
rm $flags "$root/x"
cd "$root"
port=8420
cp a b$port
