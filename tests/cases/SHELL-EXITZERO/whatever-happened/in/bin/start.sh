#!/usr/bin/env bash
register() {
  python3 -m ops.registry "$@"
}
session=$1
register add "$session"
./diary.sh "$session"
echo "$session"
exit 0
