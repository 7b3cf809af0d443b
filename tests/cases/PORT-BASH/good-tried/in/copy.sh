#!/usr/bin/env bash
deep=0
if shopt -s globstar 2>/dev/null; then
  deep=1
fi
shopt -s autocd 2>/dev/null || true
mapfile -t names < list 2>/dev/null || names=($(cat list))
echo "$deep" "${names[0]}"
