#!/bin/sh
set -eu
echo "stop"
