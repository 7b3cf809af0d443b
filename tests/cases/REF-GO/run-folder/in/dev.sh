#!/usr/bin/env bash
set -e
go run cmd/board "$@"
