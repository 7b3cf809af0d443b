from pathlib import Path

STATE = Path(settings.state_dir) / "sessions.json"
