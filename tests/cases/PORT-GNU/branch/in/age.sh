#!/usr/bin/env bash
age() {
  if [ "$(uname)" = Darwin ]; then
    stat -f %m "$1"
  else
    stat -c %Y "$1"
  fi
}
when="$(date -d "$1" +%s 2>/dev/null || date -j -f %F "$1" +%s)"
if command -v timeout >/dev/null; then timeout 5 true; fi
case "$OSTYPE" in
  darwin*) sed -i '' 's/a/b/' x ;;
  *) sed -i 's/a/b/' x ;;
esac
age "$1"; echo "$when"
