"""Weekly numbers: sessions and hours by agent, as Markdown."""

from collections import defaultdict
from datetime import datetime

from .charts import bar
from .registry import load


def hours(entry):
    if not entry.get("ended_at"):
        return 0.0
    start = datetime.fromisoformat(entry["started_at"].replace("Z", "+00:00"))
    end = datetime.fromisoformat(entry["ended_at"].replace("Z", "+00:00"))
    return (end - start).total_seconds() / 3600


def main():
    totals = defaultdict(lambda: [0, 0.0])
    for entry in load().values():
        row = totals[entry.get("agent", "unknown")]
        row[0] += 1
        row[1] += hours(entry)
    print("| agent | sessions | hours | |")
    print("|---|---|---|---|")
    for agent, (count, spent) in sorted(totals.items()):
        print(f"| {agent} | {count} | {spent:.1f} | {bar(spent)} |")


if __name__ == "__main__":
    main()
