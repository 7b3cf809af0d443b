#!/bin/sh
set -eu
f() { local a="$1"; echo "${a%.*} ${a#x} ${a:-y}"; }
if [ "$1" = x ] && [ -n "${2:-}" ]; then f "$2"; fi
. ./env
echo $(( 1 + 2 ))
