#!/usr/bin/env bash
mapfile -t lines < "$1"
echo "${#lines[@]}"
