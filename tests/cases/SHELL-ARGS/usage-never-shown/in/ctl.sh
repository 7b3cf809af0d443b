#!/bin/bash
set -eu
usage() { echo "usage: ctl.sh start|stop"; exit 1; }
case "$1" in
  start) touch run/flag ;;
  stop) rm -f run/flag ;;
  *) usage ;;
esac
