#!/bin/bash
dir=$(mktemp -d)
server & echo $! > "$dir/server.pid"
kill "$(cat "$dir/server.pid")"
