#!/usr/bin/env bash
. "$(dirname "$0")/../lib/retry.sh"
run_agent() { echo "$1"; }
retry x
