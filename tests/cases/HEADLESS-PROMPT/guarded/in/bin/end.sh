#!/usr/bin/env bash
set -e
answer="${ANSWER:-n}"
if [ -t 0 ]; then
  read -r -p "Release the lock? [y/N] " answer
fi
[[ "${ASSUME_YES:-}" = 1 ]] || read -r -p "Sure? " sure
read -r -t 10 -p "Anything else? " more || more=""
confirm() {
  [ -n "${CI:-}" ] && return 0
  read -r -p "Go on? " reply
}
confirm
echo "$answer $more"
