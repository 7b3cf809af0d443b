#!/opt/homebrew/bin/bash
# Numbers of the week, for the Monday meeting.
set -eu
root="$(cd "$(dirname "$0")/.." && pwd)"
export PYTHONPATH="$root"

out="$root/docs/report-$(date +%Y-%m-%d).md"
tmp="/tmp/agent-ops-report"
python3 -m opslib.report > "$tmp"
mv "$tmp" "$out"
echo "written: $out"
