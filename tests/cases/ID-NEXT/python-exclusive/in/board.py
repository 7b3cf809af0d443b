"""The board."""

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
    name = next_id()
    path = TASKS / f"{name}.json"

    with path.open("x") as file:
        json.dump({"id": name, "title": title}, file)
    return name
