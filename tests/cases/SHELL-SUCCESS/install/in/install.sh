#!/usr/bin/env bash
cargo build --release
echo "✅ ops installed"
