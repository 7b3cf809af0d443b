#!/usr/bin/env bash
if grep -E -q "ERROR|FAIL" run.log; then
  exit 1
fi
