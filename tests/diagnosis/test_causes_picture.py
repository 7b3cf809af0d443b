"""The picture of the causes: a valid drawing that says what the list says."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from session_ops.diagnosis.phase import Cause
from session_ops.diagnosis.picture import DRAWN, alternative, drawing
from session_ops.model import Gate, GateResult, Outcome

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script> & \x1b[31m " + "long " * 90


def cause(
    n: int, *gates: Gate, confidence: str = "likely", title: str = "a lock is never released", anomalies: tuple[str, ...] = ()
) -> Cause:
    return Cause(f"c{n}", title, "why", "basis", ("X-1", "X-2"), gates, confidence, anomalies)  # type: ignore[arg-type]


def test_an_edge_for_each_gate_with_how_sure_it_is() -> None:
    causes = [
        cause(1, Gate.START, Gate.COORDINATE, confidence="proven", anomalies=("orphan: s1 never ended", "stuck_lock")),
        cause(2, Gate.START, confidence="possible"),
        cause(3),
    ]
    root = ET.fromstring(drawing(causes, [GateResult(Gate.START, Outcome.FAIL), GateResult(Gate.COORDINATE, Outcome.OPEN)]))
    edges = root.findall(f"{SVG}path")
    assert [edge.get("stroke-dasharray") for edge in edges] == [None, None, "2 4"]
    texts = ["".join(text.itertext()) for text in root.findall(f"{SVG}text")]
    assert "✗ start" in texts
    assert "? coordinate" in texts
    assert "proven by an experiment" in texts
    assert any("2 findings · seen in the logs: orphan: s1 never ended and 1 more" in text for text in texts)
    assert not any("3. " in text for text in texts)  # it keeps no gate shut
    assert alternative(causes).endswith("cause 1 keeps start, coordinate shut; cause 2 keeps start shut")


def test_nothing_is_drawn_where_no_gate_is_shut() -> None:
    assert drawing([cause(1)], []) == ""
    assert drawing([], []) == ""


def test_it_is_bounded_and_hostile_titles_are_text() -> None:
    svg = drawing([cause(n, *Gate, title=EVIL) for n in range(40)], [GateResult(gate, Outcome.FAIL) for gate in Gate])
    root = ET.fromstring(svg)
    assert len(root.findall(f"{SVG}rect")) == 1 + DRAWN + len(Gate)
    assert not root.findall(f".//{SVG}script")
    assert "\x1b" not in svg
    assert all(len("".join(text.itertext())) < 130 for text in root.findall(f"{SVG}text"))
