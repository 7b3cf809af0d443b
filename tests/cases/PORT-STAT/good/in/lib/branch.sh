#!/usr/bin/env bash
if [ "$(uname)" = Darwin ]; then
  m=$(stat -f %m "$1" || stat -c %Y "$1")
fi
n=$(stat -f%m "$1" 2>/dev/null || stat -c %Y "$1")
[ "$n" -gt 0 ] && [ "$m" -gt 0 ]
