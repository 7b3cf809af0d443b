#!/usr/bin/env bash
mapfile -t rows < list
echo "${rows[@]@Q} ${rows[0]^^}"
declare -A seen=()
echo "${#seen[@]}"
