#!/usr/bin/env bash
if ! ./check; then
  exit $?
fi
