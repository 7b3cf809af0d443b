#!/usr/bin/env bash
run_hooks() {
  while IFS= read -r hook; do
    (eval "$hook") || echo "failed: $hook"
  done <<EOF
$1
EOF
}
run_hooks "$(cat hooks)"
