#!/usr/bin/env bash
printf -v now '%(%s)T' -1 2>/dev/null
[ -n "$now" ] || now=$(date +%s)
echo "$now" "${EPOCHREALTIME:-}"
