#!/usr/bin/env bash
set -e
exec 9> ".locks/$1.lock"
echo "$$" > ".locks/$1.lock"
sleep 10
rm -f ".locks/$1.lock"
