#!/bin/sh -e
set -o pipefail
x=(a b)
echo "${x[0]}"
