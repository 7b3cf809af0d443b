#!/usr/bin/env bash
set -eu
work="$(mktemp -d)"

cleanup() {
  rm -rf "$work"
}

cp -r sessions "$work"
tar -C "$work" -czf sessions.tgz .
