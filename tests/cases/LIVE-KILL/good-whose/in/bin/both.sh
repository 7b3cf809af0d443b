#!/bin/bash
cleanup() {
    kill "$(cat /tmp/tracker.pid)" 2>/dev/null
}
trap cleanup EXIT
watch & echo $! > /tmp/tracker.pid
pid=$(pgrep -f tracker-worker)
kill "$pid"
wait
