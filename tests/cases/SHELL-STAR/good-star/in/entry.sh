#!/bin/sh
echo "starting: $*"
exec su agent -s /bin/sh -c 'exec "$0" "$@"' -- "$@"
