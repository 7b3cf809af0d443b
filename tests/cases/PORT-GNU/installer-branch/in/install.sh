#!/bin/sh
OS=$(uname -s | tr "[:upper:]" "[:lower:]")
case "$OS" in
    linux) kind=linux ;;
    darwin) kind=macos ;;
    *) exit 1 ;;
esac
echo "$kind"
