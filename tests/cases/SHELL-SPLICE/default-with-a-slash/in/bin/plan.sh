#!/bin/sh
set -eu
issue="${1:-N/A}"
sed "s/__ISSUE__/${issue}/g" plan.md > new.md
