from pathlib import Path

TEXT = (Path(__file__).parent / "data" / "limits.json").read_text()
