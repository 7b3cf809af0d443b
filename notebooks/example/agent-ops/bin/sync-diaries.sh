#!/usr/bin/env bash
# Copies finished diaries to the notes folder and stamps them.
set -u
root="$(cd "$(dirname "$0")/.." && pwd)"
notes=/home/dev/notes/diaries

mkdir -p "$notes"
for diary in "$root"/sessions/*/diary.md; do
  name="$(basename "$(dirname "$diary")").md"
  cp "$diary" "$notes/$name"
  sed -i '' "s/^# Session .*/# Diary $(date +%Y-%m-%d)/" "$notes/$name"
done
