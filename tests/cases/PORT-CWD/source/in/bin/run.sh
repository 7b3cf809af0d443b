#!/usr/bin/env bash
set -e
source ./lib.sh
hello
