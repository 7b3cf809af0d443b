#!/usr/bin/env bash
set -euo pipefail
one_n=0
two_n=0
((one_n++))
((two_n++))
((one_n++))
((two_n++))
token=$(grep TOKEN .env | cut -d= -f2)
if [ -z "$token" ]; then echo none; fi
