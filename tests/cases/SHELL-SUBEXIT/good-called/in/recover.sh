#!/bin/bash
set -euo pipefail
list() {
    [ -f "$1" ] || { echo "no $1" >&2; exit 1; }
    cat "$1"
}
list "$1" > /dev/null
while read -r name; do
    printf 'recovered %s\n' "$name"
done < <(list "$1")
