#!/usr/bin/env bash
set -eu
pidfile="/tmp/server.pid"
echo 1 > "$pidfile"
rm "$pidfile"
