#!/usr/bin/env bash
set -e
build() {
  cargo build --release
  echo "build ended"
}
if ! build; then
  echo "no build" >&2
  exit 1
fi
