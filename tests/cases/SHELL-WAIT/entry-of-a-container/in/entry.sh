#!/usr/bin/env bash
set -eu
mkdir -p /data
/usr/bin/collector --port 8080 &
