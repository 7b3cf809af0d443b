#!/usr/bin/env bash
saved=$(shopt -p nullglob)
while IFS= read -r hook; do
  (eval "$hook") < /dev/null
  eval "$saved"
done < hooks
