#!/usr/bin/env bash
TOP="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
up() {
  cd "$TOP"
  ./scripts/server.sh start
}
down() {
  cd "$TOP"
  ./scripts/server.sh stop
}
"${1:-up}"
