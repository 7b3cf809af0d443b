#!/bin/sh
cargo build --bin tracker --features cli
cargo build --all-features --bin tracker
cargo build --release
cargo build --bin other
