#!/usr/bin/env bash
warn() { printf "! %s\n" "$*" >&2; }
info() { echo "$*"; }
resolve_tag() {
  warn "looking"
  if [ -z "$1" ]; then
    info "usage: tag"
    return 1
  fi
  info "taking $1" >&2
  echo "$1"
}
tag=$(resolve_tag v1) || exit 1
report() { info "Sessions:"; echo "$tag"; }
report
echo "$tag"
