#!/bin/sh
set -e
mkdir -p /app/logs
chmod 777 /app/logs
exec gosu worker "$@"
