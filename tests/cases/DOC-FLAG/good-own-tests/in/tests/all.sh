#!/bin/sh
for arg in "$@"; do
    case "$arg" in
        --unit) echo "the quick ones" ;;
    esac
done
