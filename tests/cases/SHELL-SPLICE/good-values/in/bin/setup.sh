#!/usr/bin/env bash
root="$(pwd)"
port=8420
stamp=$(date +%s)
note=$(printf "%s" "$1" | sed "s/[\/&]/-/g")
sed -i.bak "s|@ROOT@|$root|g" ops.service
sed -i.bak "s/@PORT@/$port/; s/@STAMP@/$stamp/" ops.service
sed -i.bak "s/@NAME@/"$(basename $(pwd))"/" ops.service
sed -i.bak "s/NOTE/$note/" diary.md
