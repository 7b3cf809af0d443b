#!/bin/bash
./bin/watcher.sh &
pid=$!
echo "started $pid"
