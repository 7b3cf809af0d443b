#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
(crontab -l 2>/dev/null; echo "0 * * * * $here/bin/sweep.sh") | crontab -
if [ "$1" = 0 ]; then echo "5 * 3 * 2 is a product"; fi
