#!/bin/sh
set -e
docker run --rm -it alpine:3.20 true
