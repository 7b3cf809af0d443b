#!/usr/bin/env bash
set -e
verbose=0
debug() {
  if [ "$verbose" = 1 ]; then echo "debug: $*"; fi
}
debug "starting"
echo "started"
