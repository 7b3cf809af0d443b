#!/usr/bin/env bash
set -eu
probe > state.txt &
sleep 2
cat state.txt
