import json
from pathlib import Path

SETTINGS = Path.home() / ".claude" / "settings.json"


def install() -> None:
    try:
        settings = json.loads(SETTINGS.read_text())
    except (OSError, json.JSONDecodeError):
        settings = {}
    settings.setdefault("hooks", {})["Stop"] = []
    SETTINGS.write_text(json.dumps(settings, indent=2))
