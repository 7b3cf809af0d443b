#!/bin/bash
serve &
pid=$!
trap 'kill "$pid"' EXIT
sleep 5
