#!/usr/bin/env bash
if grep -q "ERROR|FAIL" run.log; then
  exit 1
fi
