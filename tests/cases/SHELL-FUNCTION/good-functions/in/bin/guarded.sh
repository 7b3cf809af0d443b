#!/usr/bin/env bash
home=$(cd "$(dirname "$0")" && pwd)
set_up() { cd "$home" || exit 1; }
if source "${home}/lib.sh"; then
  set_up
else
  exit 1
fi
log_error x
