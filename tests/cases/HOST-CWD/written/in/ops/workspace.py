import json


def write_settings(root):
    settings = {"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": ".agent/hooks/stop.sh"}]}]}}
    (root / ".claude" / "settings.json").write_text(json.dumps(settings))
