#!/usr/bin/env bash
set -e
read -r -d "" usage <<TEXT
usage: ops start
TEXT
echo "$usage"
