#!/usr/bin/env bash
exec 9> state/lock
cleanup() {
  status=$?
  rm -f state/lock
  exit "$status"
}
trap cleanup EXIT
trap "exit 0" INT TERM
exec > run.log
( exec ./other )
running=1
trap "running=0" HUP
while [ "$running" = 1 ]; do sleep 1; done
./run-session "$1"
trap - EXIT
exec ./last
