#!/usr/bin/env bash
set -eu
git log --format=%an > names.txt &
sort -u names.txt
