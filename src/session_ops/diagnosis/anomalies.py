"""What the logs show, joined to the code that writes that state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from session_ops.diagnosis.phase import Cause
from session_ops.discovery.references import References
from session_ops.lifecycles.phase import SHOWN, AnomalyRow
from session_ops.model import Category, Finding

CATEGORIES: frozenset[Category] = frozenset(
    ("state", "lock", "heartbeat", "liveness", "cleanup", "interactive", "error-handling", "ipc")
)
"""Kinds of findings that can leave a session open, a record torn or a lock stolen. What else is wrong in a file has no part in it."""


def joined(
    causes: Sequence[Cause], findings: Mapping[str, Finding], anomalies: Sequence[AnomalyRow], references: References
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Causes with the anomalies that the logs show of them, and the texts of those that no cause is known for.

    An anomaly belongs to a cause only where a finding lies in a file that writes the log or state which shows it.
    """
    texts = _texts(anomalies)
    writers = {path: _writers(path, references) for path, _ in texts}
    told: set[tuple[str, str]] = set()
    found = []
    for cause in causes:
        files = {findings[one].at.path for one in cause.findings if one in findings and findings[one].category in CATEGORIES}
        mine = [key for key in texts if files & writers[key[0]]]
        told.update(mine)
        found.append(replace(cause, anomalies=tuple(texts[key] for key in mine)) if mine else cause)
    return tuple(found), tuple(text for key, text in texts.items() if key not in told)


def _texts(anomalies: Sequence[AnomalyRow]) -> dict[tuple[str, str], str]:
    """One text for each log and detector: the first case, and how many there are."""
    groups: dict[tuple[str, str], list[AnomalyRow]] = {}
    for row in anomalies:
        if not row.undecidable:
            groups.setdefault((row.path or row.source_id, row.detector), []).append(row)
    texts = {}
    for (path, detector), rows in sorted(groups.items()):
        first = min(rows, key=lambda row: (row.ts, row.line))
        more = (
            f" ({'at least ' if len(rows) >= SHOWN else ''}{len(rows)} in all, last at {max(row.ts for row in rows)})"
            if len(rows) > 1
            else ""
        )
        texts[path, detector] = f"{path}: {detector}: {first.text.rstrip('.')}{more}"
    return texts


def _writers(path: str, references: References) -> set[str]:
    """Files of the target that write a path, or the folder that it is in."""
    return {
        r.source for r in references if r.act == "write" and r.target and (r.target == path or path.startswith(r.target + "/"))
    }
