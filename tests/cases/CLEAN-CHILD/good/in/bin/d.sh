#!/bin/bash
nohup serve > /dev/null 2>&1 &
pid=$!
echo "$pid"
