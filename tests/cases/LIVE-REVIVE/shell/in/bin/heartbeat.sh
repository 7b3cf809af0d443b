#!/usr/bin/env bash
set -u
registry set "$1" status=active last_heartbeat="$(date -u +%s)"
