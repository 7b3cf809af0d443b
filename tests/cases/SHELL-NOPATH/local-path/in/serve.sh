#!/usr/bin/env bash
set -e

handle() {
  local request
  request=$(cat)
  local method
  local PATH
  PATH=$(echo "$request" | cut -d' ' -f2)
  echo "$PATH" | tr a-z A-Z
}
handle
