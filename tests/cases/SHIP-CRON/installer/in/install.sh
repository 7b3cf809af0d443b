#!/bin/sh
(crontab -l 2>/dev/null; echo "0 * * * * python3 bin/sweep.py") | crontab -
