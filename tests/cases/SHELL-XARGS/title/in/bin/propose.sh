#!/usr/bin/env bash
set -euo pipefail
title=$(head -1 /var/tally/proposal.txt | xargs)
count=$(wc -l < list | xargs)
echo "$title $count"
