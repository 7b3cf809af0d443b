#!/usr/bin/env bash
set -eu
/usr/bin/collector --port 8080 &
exec /usr/bin/front --port 80
