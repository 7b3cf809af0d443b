#!/usr/bin/env bash
stop() {
  echo "stopping"
}
trap stop INT TERM
while true; do
  ./beat
  sleep 60
done
