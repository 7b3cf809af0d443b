#!/bin/bash
target=$1
message=$2
eval "tmux send-keys -t $target \"$message\" Enter"
