#!/usr/bin/env bash
set -eu
started=0

report_exit_trap() {
  status=$?
  printf '%s of %s\n' "$started" "$status"
}
trap report_exit_trap EXIT

started=1
"$@"
