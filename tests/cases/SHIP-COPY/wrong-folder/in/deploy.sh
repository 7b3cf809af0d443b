#!/bin/sh
set -e
docker build -t worker -f services/worker/Dockerfile .
