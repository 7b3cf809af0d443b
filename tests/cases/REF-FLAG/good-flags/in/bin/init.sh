#!/usr/bin/env bash
[ "$1" = --dry-run ] && shift
echo "$1"
