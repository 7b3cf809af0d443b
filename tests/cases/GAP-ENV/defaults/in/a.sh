#!/bin/bash
ROOT_DIR="${ROOT_DIR:-/srv}"
[ -n "$TRACKER_QUIET" ] || echo "$ROOT_DIR"
