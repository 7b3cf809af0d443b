#!/usr/bin/env bash
set -euo pipefail
MATCHERS=([Notification]="permission" [Stop]="all")
echo "${MATCHERS[Stop]}"
