import json
import sys
from pathlib import Path

SETTINGS = Path.home() / ".claude" / "settings.json"


def install() -> None:
    try:
        settings = json.loads(SETTINGS.read_text())
    except FileNotFoundError:
        settings = {}
    except json.JSONDecodeError as error:
        sys.exit(f"{SETTINGS} is no JSON: {error}")
    SETTINGS.write_text(json.dumps(settings, indent=2))


def model() -> str:
    try:
        settings = json.loads(SETTINGS.read_text())
    except (OSError, ValueError):
        settings = {}
    return settings.get("model", "")
