#!/bin/sh
set -eu
echo "start"
