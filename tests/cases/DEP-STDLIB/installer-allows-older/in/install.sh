#!/bin/sh
python3 -c 'import sys; raise SystemExit(0 if sys.version_info >= (3, 10) else 1)' || exit 1
