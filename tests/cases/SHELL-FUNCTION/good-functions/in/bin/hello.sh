#!/usr/bin/env bash
main() {
  say_hello agent
  timeout 5 git fetch
  timeout 5 bash -c "send_beat"
  ls | xargs -n1 echo
}
say_hello() { echo "$1"; }
send_beat() { date; }
export -f send_beat
if command -v check_disk; then check_disk; fi
main
