#!/usr/bin/env bash
here="$(cd "$(dirname "$0")" && pwd)"
"$here/pick.sh"
