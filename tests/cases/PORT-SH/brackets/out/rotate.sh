#!/usr/bin/env bash
log=a.log
if [[ -f "$log" ]]; then
  mv "$log" "$log.1"
fi
