#!/bin/bash
set -euo pipefail
list() {
    [ -f "$1" ] || exit 1
    cat "$1"
}
while read -r name; do
    printf 'recovered %s\n' "$name"
done < <(list "$1")
wait "$!" || exit 1
