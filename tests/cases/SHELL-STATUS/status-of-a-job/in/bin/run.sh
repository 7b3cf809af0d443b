#!/usr/bin/env bash
./server &
if [ $? -eq 0 ]; then
  echo "server is up"
fi
