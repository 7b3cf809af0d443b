#!/bin/bash
name=""
while [ $# -gt 0 ]; do
  case "$1" in
    --name) name="$2"; shift 2 ;;
    --all) all=1; shift ;;
    *) echo "unknown $1" >&2; exit 2 ;;
  esac
done
echo "$name ${all:-0}"
