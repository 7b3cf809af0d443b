"""Each detector finds what it is for, and stays silent on its neighbours: logs as data, read by the real readers.

detectors/<name>.yaml holds cases: `log` in a short form (minutes after ten o'clock, session, event, fields), further `files`, and the
`rows` that the detector must give; without rows it must be silent; `reason` is why it must say that it cannot decide.
"""

from __future__ import annotations

import itertools
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.lifecycles.conftest import Analyse, at

from session_ops.lifecycles.detectors import detectors

FOLDER = Path(__file__).parent / "detectors"
CASES = {path.stem: YAML(typ="safe").load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
WORLD = [
    row
    for session, since, to in (("w1", 0, 60), ("w2", 100, 300))
    for row in [
        at(since, session, "session.start"),
        *(at(minute, session, "session.heartbeat") for minute in range(since + 5, to, 5)),
        at(to, session, "session.end"),
    ]
]
"""Two sessions that are well; the log ends after 300 minutes."""
WITHOUT_EVENTS = {"torn_records", "source_never_ends"}
"""Detectors whose evidence is not an event: lines that could not be read, and what is missing everywhere."""


def rows(text: str) -> list[dict[str, Any]]:
    """`5 x work * 3 every 0.5 message="try {n}"` is three events of session x from minute five on, half a minute apart."""
    found = []
    for line in text.strip().splitlines():
        minutes, session, event, *rest = shlex.split(line)
        times, apart = 1, 0.0
        if rest[:1] == ["*"]:
            times, apart, rest = int(rest[1]), float(rest[3]), rest[4:]
        for n in range(times):
            fields = dict(part.format(n=n).split("=", 1) for part in rest)
            found.append(
                at(float(minutes) + n * apart, session, event, **{name: scalar(value) for name, value in fields.items()})
            )
    return found


def scalar(value: str) -> Any:
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdigit() else value


def logs(case: dict[str, Any]) -> dict[str, Any]:
    written = rows(case["log"]) + (WORLD if case.get("world", True) else [])
    if case.get("sorted", True):
        written.sort(key=lambda row: row["ts"])
    return {"log.jsonl": written} | case.get("files", {})


EACH = [(name, case) for name, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), EACH, ids=[f"{name}-{case}" for name, case in EACH])
def test_detector(name: str, case: str, analyse: Analyse, tmp_path: Path) -> None:
    data = CASES[name][case]
    parameters = {}
    if own := data.get("formats"):
        (tmp_path / "formats").mkdir()
        for file, text in own.items():
            (tmp_path / "formats" / file).write_text(text)
        parameters["formats"] = str(tmp_path / "formats")
    _, document = analyse(logs(data), **parameters)
    found = sorted((one for one in document.anomalies if one.detector == name), key=lambda one: (one.session_id, one.ts))
    if "reason" in data:
        assert data["reason"] in document.undecidable[name]
        assert not found
        return
    assert name not in document.undecidable
    assert [one.text for one in found if "rows" not in data] == []
    for one, wanted in itertools.zip_longest(found, data.get("rows", ())):
        assert one is not None, f"not found: {wanted}"
        assert wanted is not None, f"found as well: {one.text}"
        told = {"session": one.session_id, "resource": one.resource_id, "severity": one.severity, "confidence": one.confidence}
        assert {key: told[key] for key in wanted if key != "text"} == {key: wanted[key] for key in wanted if key != "text"}
        assert wanted.get("text", "") in one.text
        assert one.event_ids or name in WITHOUT_EVENTS
        assert one.path


def test_every_detector_has_cases_of_both_kinds() -> None:
    assert set(CASES) == {one.id for one in detectors()}
    for name, cases in CASES.items():
        assert any("rows" in case for case in cases.values()), name
        assert any("rows" not in case and "reason" not in case for case in cases.values()), name
    decidable = {one.id for one in detectors() if not one.needs}
    told = {name for name, cases in CASES.items() if any("reason" in case for case in cases.values())}
    assert not decidable & told


def test_the_short_form_of_logs() -> None:
    found = rows('5 x work * 2 every 0.5 message="try {n}" pid=7\n6 y session.end')
    assert found == [
        at(5, "x", "work", message="try 0", pid=7),
        at(5.5, "x", "work", message="try 1", pid=7),
        at(6, "y", "session.end"),
    ]
    assert json.loads(json.dumps(found)) == found
