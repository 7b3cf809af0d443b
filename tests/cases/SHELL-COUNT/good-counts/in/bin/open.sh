#!/usr/bin/env bash
open=$(git status --short | grep -c "^ M" || true)
lines=$(wc -l < log || echo 0)
name=$(grep -o "x" log || echo 0)
all=$(ls | wc -l || echo 0)
echo "$open $lines $name $all"
