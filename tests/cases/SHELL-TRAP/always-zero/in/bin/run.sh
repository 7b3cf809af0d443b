#!/usr/bin/env bash
cleanup() {
  rm -f state/lock
  exit 0
}
trap cleanup EXIT
./run-session "$1"
