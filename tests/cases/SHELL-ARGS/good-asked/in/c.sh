#!/bin/bash
while [ $# -gt 0 ]; do
  case "$1" in
    --name) name="${2:?value missing}"; shift 2 ;;
    --role) [ -n "$2" ] || exit 2; role="$2"; shift 2 ;;
    *) shift ;;
  esac
done
echo "$name $role"
