#!/usr/bin/env bash
for diary in $(ls sessions/*.md); do
  gzip "$diary"
done
