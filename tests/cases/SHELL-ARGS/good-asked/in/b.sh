#!/bin/bash
set -u
[ $# -ge 1 ] || { echo "usage: b.sh NAME" >&2; exit 2; }
name="$1"
[ -z "$name" ] && exit 2
echo "$name"
