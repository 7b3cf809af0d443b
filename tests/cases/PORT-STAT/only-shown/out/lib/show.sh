#!/usr/bin/env bash
mode="$(stat -c '%a' "$1" 2>/dev/null || stat -f '%Lp' "$1")"
echo "$mode"
