#!/usr/bin/env bash
note=$1
sed -i.bak "s/NOTE/$note/" diary.md
