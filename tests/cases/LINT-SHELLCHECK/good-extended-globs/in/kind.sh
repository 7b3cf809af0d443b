#!/bin/bash
shopt -s extglob
case "$1" in
  !(*.md)) echo "code" ;;
esac
