#!/usr/bin/env bash
set -euo pipefail
mode="gallery"
view="$(load_setting "view" 0)"
load_setting() {
  cat "$HOME/.board/$1" 2>/dev/null || echo "$2"
}
echo "$mode $view"
