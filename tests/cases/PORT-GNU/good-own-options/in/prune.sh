#!/usr/bin/env bash
git branch --merged | xargs git branch -d
grep -e x -- -P
find . -name x -exec tool -printf {} \;
