#!/bin/sh
set -e
make
echo "✅ built"
