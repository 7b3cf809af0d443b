#!/usr/bin/env bash
root="$(pwd)"
sed -i.bak "s/@ROOT@/$root/g" ops.service
