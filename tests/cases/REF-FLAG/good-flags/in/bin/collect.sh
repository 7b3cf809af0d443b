#!/usr/bin/env bash
args=()
while [ $# -gt 0 ]; do args+=("$1"); shift; done
make "${args[@]}"
