#!/usr/bin/env bash
set -e
mkdir -p notes
vim notes/today.md
