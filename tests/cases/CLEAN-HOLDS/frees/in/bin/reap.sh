#!/usr/bin/env bash
for session in $(registry stale); do
  registry set "$session" status=expired
  grep -l "session=$session" state/locks/*.lock | xargs rm -f
done
