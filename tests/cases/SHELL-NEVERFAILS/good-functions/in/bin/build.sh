#!/usr/bin/env bash
set -e
build() {
  cargo build --release || return 1
  echo "build ended"
}
test_all() {
  echo "testing"
  cargo test
}
note() {
  echo "$1"
  echo done
}
clean() {
  cargo run -- clean
  echo clean
}
if ! build; then exit 1; fi
test_all || exit 1
note a || true
clean
