#!/bin/sh
log=a.log
if [[ -f "$log" ]]; then
  mv "$log" "$log.1"
fi
