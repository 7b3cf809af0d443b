#!/bin/sh
remove() {
  if [ -n "$1" ]; then
    printf '%s\n' "$1" | while read -r item; do
      delete "$item" || return 1
      if ! forget "$item"; then
        return 1
      fi
    done
  fi
}
remove_all() {
  printf '%s\n' "$1" | while read -r item; do
    if ! delete "$item"; then
      return 1
    fi
  done
  return
}
remove "$1" && remove_all "$2"
