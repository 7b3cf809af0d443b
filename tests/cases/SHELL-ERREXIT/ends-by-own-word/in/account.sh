#!/usr/bin/env bash
set -euo pipefail
refuse() {
  echo "$1" >&2
  exit 1
}
url="$(ask_server | grep -i ^Location: | cut -d: -f2-)"
if [[ -z "$url" ]]; then
  refuse "the server did not say"
fi
echo "$url"
