from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from session_ops.case import Case
from session_ops.lifecycles import charts
from session_ops.lifecycles.phase import Document

Analyse = Callable[..., tuple[Case, Document]]


@pytest.fixture
def analyse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Analyse:
    """Compute the lifecycles of logs given as name -> content; returns the case and the document. Pictures only where asked for."""

    def run(
        logs: dict[str, str | bytes | list[dict[str, Any]]], *, pictures: bool = False, **parameters: Any
    ) -> tuple[Case, Document]:
        if not pictures:
            monkeypatch.setattr(charts, "draw", lambda _: ())
        folder = tmp_path / "logs"
        for name, content in logs.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, list):
                content = "".join(json.dumps(row) + "\n" for row in content)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        target = tmp_path / "target"
        target.mkdir(exist_ok=True)
        (target / "run.sh").write_text("echo\n")
        case = Case.open(target=str(target), logs=str(folder), case=str(tmp_path / "case"), **parameters)
        return case, case.compute("lifecycles")

    return run


def at(minutes: float, session: str, event: str, **more: Any) -> dict[str, Any]:
    """A tracker event so many minutes after ten o'clock."""
    seconds = round(minutes * 60)
    clock = f"{10 + seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return {"ts": f"2026-01-05T{clock}Z", "session_id": session, "event": event} | more
