"""The documents of a case as resources: named files of the case folder, nothing else of the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCUMENTS = {
    "report.md": "text/markdown",
    "findings.json": "application/json",
    "findings.sarif": "application/json",
    "discovery.json": "application/json",
    "analysis.json": "application/json",
    "lifecycles.json": "application/json",
    "diagnosis.json": "application/json",
    "solution.json": "application/json",
}
"""What a client may read of a case, with the type of each."""


def present(case: Path) -> dict[str, str]:
    """The documents that a case has, with their types. Links are not followed out of the case."""
    return {
        name: kind
        for name, kind in DOCUMENTS.items()
        if (case / name).is_file() and (case / name).resolve().parent == case.resolve()
    }


def document(case: Path, phase: str) -> dict[str, Any]:
    """What a phase wrote; empty where it is absent or damaged."""
    name = f"{phase}.json"
    if name not in present(case):
        return {}
    try:
        return dict(json.loads((case / name).read_bytes())["document"])
    except (ValueError, KeyError, TypeError):
        return {}


def findings(case: Path) -> list[dict[str, Any]]:
    """The findings of a case; none where they are absent or damaged."""
    if "findings.json" not in present(case):
        return []
    try:
        return list(json.loads((case / "findings.json").read_bytes())["findings"])
    except (ValueError, KeyError, TypeError):
        return []
