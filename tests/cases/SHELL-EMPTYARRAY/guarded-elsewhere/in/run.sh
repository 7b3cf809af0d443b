#!/bin/bash
# Works on macOS and Linux.
set -euo pipefail
flags=()
[[ "${DRY:-0}" -eq 1 ]] && flags+=("--dry-run")
if [[ -n "${LOG:-}" ]]; then
  step "${flags[@]+"${flags[@]}"}" 2>"$LOG"
else
  step "${flags[@]}"
fi
