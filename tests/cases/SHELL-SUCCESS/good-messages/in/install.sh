#!/usr/bin/env bash
cargo build --release || exit 1
echo "✅ built"
if cargo test; then
  echo "✅ tests passed"
fi
cargo run && echo "✅ finished"
npm run dev &
echo "✅ dev server started"
git fetch
echo "next: run the installed command"
