#!/bin/bash
base="${REPOS:-/home/claude/repos}"
ls --dir-/home/mwagner/x "$base"
