"""The board."""

import json
from pathlib import Path

PICTURES = Path("out")


def next_id():
    """The number after the highest one."""
    highest = 0
    for path in PICTURES.glob("picture-*.json"):
        highest = max(highest, int(path.stem[5:]))
    return f"picture-{highest + 1:03d}"


def create(title):
    """Put a picture away."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = next_id()
    path = PICTURES / f"{name}.json"

    path.write_text(json.dumps({"id": name, "title": title}))  # whole
    return name
