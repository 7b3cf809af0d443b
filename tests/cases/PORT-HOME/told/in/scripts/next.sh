#!/bin/bash
file="${1:-/home/mwagner/work/handoff.md}"
grep NEXT "$file"
