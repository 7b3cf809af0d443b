#!/bin/bash
base="$(git rev-parse --abbrev-ref '@{upstream}' 2>/dev/null | sed 's|origin/||' || echo main)"
git diff "$base...HEAD"
