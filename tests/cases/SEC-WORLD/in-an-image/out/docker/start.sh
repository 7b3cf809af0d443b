#!/bin/sh
set -e
mkdir -p /app/logs
chmod 700 /app/logs
exec gosu worker "$@"
