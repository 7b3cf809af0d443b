#!/usr/bin/env bash
for session in $(registry stale); do
  registry set "$session" status=expired
done
