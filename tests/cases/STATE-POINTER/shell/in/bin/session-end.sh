#!/usr/bin/env bash
set -eu
session="$(cat .current-session)"
echo "ended" >> "sessions/$session/diary.md"
