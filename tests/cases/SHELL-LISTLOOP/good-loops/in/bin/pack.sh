#!/usr/bin/env bash
for diary in sessions/*.md; do
  gzip "$diary"
done
for n in $(seq 3); do echo "$n"; done
for name in $(find . -name x | wc -l); do echo "$name"; done
