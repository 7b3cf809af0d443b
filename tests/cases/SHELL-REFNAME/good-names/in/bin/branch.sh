#!/usr/bin/env bash
task=$(echo "$1" | tr -c "a-z0-9\n" "-")
at=$(date +%Y%m%d-%H%M%S)
id=$2
git checkout -b "agent/$task-$at"
git branch "$id"
git branch -D "$1"
