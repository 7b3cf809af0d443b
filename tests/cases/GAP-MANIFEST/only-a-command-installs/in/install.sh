#!/bin/sh
set -e
echo "pip install watchdog"
python3 -m pip install --user "watchdog>=2.1" >/dev/null
