from pathlib import Path

TEXT = (Path(__file__).parent / "default.yaml").read_text()
