#!/usr/bin/env bash
shopt -s extglob
rm -rf -- !(keep|*.md)
echo "a
b"
