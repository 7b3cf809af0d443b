#!/usr/bin/env bash
LOCK=""
trap 'rm -rf "$LOCK"' EXIT
take() {
  mkdir "$1" || exit 1
  LOCK=$1
}
take "$HOME/.agents/queue.lock"
./work.sh
