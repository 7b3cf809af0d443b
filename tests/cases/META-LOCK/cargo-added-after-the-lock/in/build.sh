#!/bin/sh
cargo build --release --locked
