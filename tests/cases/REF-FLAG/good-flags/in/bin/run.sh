#!/usr/bin/env bash
set -eu
here=$(dirname "$0")
"$here/init.sh" --dry-run general
"$here/wrap.sh" --verbose
"$here/collect.sh" --anything=1
