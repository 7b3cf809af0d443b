"""The board."""

import fcntl
import json
from pathlib import Path

TASKS = Path("state/tasks")


def next_id():
    """The number after the highest one."""
    highest = 0
    for path in TASKS.glob("task-*.json"):
        highest = max(highest, int(path.stem[5:]))
    return f"task-{highest + 1:03d}"


def create(title):
    """Put a task on the board."""
    TASKS.mkdir(parents=True, exist_ok=True)
    with open(TASKS / ".next.lock", "a") as alone:  # one at a time, from the look for a free number to the writing
        fcntl.flock(alone, fcntl.LOCK_EX)
        name = next_id()
        path = TASKS / f"{name}.json"

        path.write_text(json.dumps({"id": name, "title": title}))  # whole
        return name
