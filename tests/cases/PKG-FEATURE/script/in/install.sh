#!/bin/sh
set -e
# cargo build --bin tracker
cargo build --bin tracker --release
