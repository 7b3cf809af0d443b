#!/usr/bin/env bash
title=$(head -1 proposal.txt | sed 's/^ *//')
name=$(basename "$1" | xargs)
printf '%s\0' a | xargs -0 rm -f
echo "$title$name"
