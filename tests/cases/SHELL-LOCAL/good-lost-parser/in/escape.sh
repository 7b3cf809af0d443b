#!/usr/bin/env bash

xml_escape() { # <string to escape>
  local output=${1//&/\&amp;}
  output=${output//</\&lt;}
  output=${output//>/\&gt;}
  output=${output//'"'/\&quot;}
  output=${output//\'/\&#39;}
  local CONTROL_CHAR=$'\033'
  local REGEX="$CONTROL_CHAR\[[0-9;]*[a-zA-Z]"
  printf '%s %s\n' "$output" "$REGEX"
}

xml_escape "$1"
