#!/bin/sh
set -e
make
echo ok
make install
exit 0
