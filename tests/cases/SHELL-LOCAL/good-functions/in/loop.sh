#!/usr/bin/env bash
step() {
  local number=$1
  echo "$number"
}
step 1
. lib/more.sh
