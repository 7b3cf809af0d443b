"""The README's pictures, made from the bundled example: `make pictures` (needs Chromium)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from session_ops import explore
from session_ops.case import PHASES, Case
from session_ops.lifecycles import frames

FOLDER = Path(__file__).parents[2] / "src" / "session_ops" / "docs" / "img"


def main() -> None:
    """Write report.png (first screen of the report), timeline.png, and explore.png (the explorer with a session chosen)."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("no Chromium on this machine; install it (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as scratch:
        case = Case.open(case=f"{scratch}/case")
        for phase in PHASES:
            case.save(phase, case.compute(phase))
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--window-size=1280,800",
        ]
        page = (case.folder / "report.html").as_uri()
        subprocess.run([chromium, *options, f"--screenshot={FOLDER / 'report.png'}", page], check=True, capture_output=True)
        frame = frames.sessions(case)
        chosen = frame.loc[frame["anomalies"].idxmax(), "session_id"]
        view = explore.timeline_view(case, session=chosen)
        explored = Path(scratch) / "explore.html"
        explored.write_text(
            f'<!doctype html><meta charset="utf-8"><body style="font: 13px sans-serif; margin: 1em; max-width: 1240px">{view.html}'
        )
        picture = f"--screenshot={FOLDER / 'explore.png'}"
        options[-1] = "--window-size=1280,800"
        subprocess.run([chromium, *options, picture, explored.as_uri()], check=True, capture_output=True)
        shutil.copy(case.folder / "figures" / "timeline.png", FOLDER / "timeline.png")
    print(f"written: {FOLDER}")


if __name__ == "__main__":
    main()
