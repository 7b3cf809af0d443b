"""Sessions by name."""

import json
from pathlib import Path


def _read_json(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def _write_json(path: Path, data: dict) -> None:
    with open(path, "w", encoding="utf-8") as f:
        json.dump(data, f)


def note(name: str) -> None:
    _write_json(STATE_FILE, {name: 1} | _read_json(STATE_FILE))


STATE_FILE = Path.home() / "state.json"
