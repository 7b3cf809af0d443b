#!/usr/bin/env bash
set -eu
"$(dirname "$0")/init.sh" --pipeline general "$1" || true
