#!/usr/bin/env bash
day=$(date -u -d "@$1" +%Y-%m-%d 2>/dev/null)
[ -z "$day" ] && day=$(date -u -r "$1" +%Y-%m-%d)
ram="$(free -b 2>/dev/null | awk 'NR==3 {print $4}')"
: ${ram:="$(sysctl -n hw.memsize 2>/dev/null)"}
flags_osx() {
  echo "$(sw_vers -productVersion)"
}
echo "$day" "$ram"
