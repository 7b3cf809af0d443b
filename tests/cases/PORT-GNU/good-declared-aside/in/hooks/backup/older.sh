#!/usr/bin/env bash
if [ "$(uname)" = Darwin ]; then
  open .
fi
