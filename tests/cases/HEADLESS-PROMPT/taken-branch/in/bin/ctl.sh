#!/usr/bin/env bash
set -e
setup() {
  read -r -p "Name: " name
  echo "$name" > name
}
case "${1:-}" in
  setup) setup ;;
  status) echo fine ;;
esac
