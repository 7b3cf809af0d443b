#!/usr/bin/env bash
mode="$(stat -f '%Lp' "$1" 2>/dev/null || stat -c '%a' "$1")"
echo "$mode"
