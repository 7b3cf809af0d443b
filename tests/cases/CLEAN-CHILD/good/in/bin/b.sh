#!/bin/bash
serve &
pid=$!
echo "$pid" > /run/tracker.pid
