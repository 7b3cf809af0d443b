#!/bin/sh
GROUPS="web api"
for group in $GROUPS; do
  echo "$group"
done
