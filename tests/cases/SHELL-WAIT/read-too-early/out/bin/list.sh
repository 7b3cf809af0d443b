#!/usr/bin/env bash
set -eu
git log --format=%an > names.txt &
wait
sort -u names.txt
