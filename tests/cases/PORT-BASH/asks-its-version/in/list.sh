#!/usr/bin/env bash
if [ "${BASH_VERSINFO[0]}" -lt 4 ]; then echo "bash 4, please" >&2; exit 1; fi
mapfile -t rows < list
echo "${rows[@]}"
