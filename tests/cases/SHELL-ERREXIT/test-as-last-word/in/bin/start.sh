#!/usr/bin/env bash
set -e
verbose=0
debug() {
  [ "$verbose" = 1 ] && echo "debug: $*"
}
debug "starting"
echo "started"
