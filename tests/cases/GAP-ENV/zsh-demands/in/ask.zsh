#!/usr/bin/env zsh
# ${OLD_ENDPOINT:?} is gone
ask() {
  local -A words=("${(@kv)PARTS}")
  print -r -- "${RELAY_ENDPOINT:?}"
}
