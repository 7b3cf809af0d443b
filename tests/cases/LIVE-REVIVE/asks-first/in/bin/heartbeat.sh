#!/usr/bin/env bash
set -u
[ "$(registry get "$1" status)" = ended ] && exit 0
registry set "$1" status=active last_heartbeat="$(date -u +%s)"
