#!/usr/bin/env bash
take() {
  lock=".fleet/locks/$1.lock"
  until mkdir "$lock" 2>/dev/null; do sleep 1; done
  echo "$$" > "$lock/owner"
}
give() {
  lock=".fleet/locks/$1.lock"
  [ "$(cat "$lock/owner")" = "$$" ] || return 1
  rm -f "$lock/owner"
  rmdir "$lock" 2>/dev/null || rm -rf "$lock"
}
