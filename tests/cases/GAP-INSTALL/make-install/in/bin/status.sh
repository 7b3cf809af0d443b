#!/bin/sh
set -eu
echo "status"
