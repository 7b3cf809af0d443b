"""The page of all detectors, and the detector that it shows as an example."""

from __future__ import annotations

import re
from pathlib import Path

from tests.lifecycles.conftest import Analyse, at

from session_ops.lifecycles import detector_page
from session_ops.lifecycles.detectors import detector, detectors
from session_ops.limits import LIMITS


def test_page_is_in_step_with_the_detectors() -> None:
    assert detector_page.PAGE.read_text("utf-8") == detector_page.page(), "run python -m session_ops.catalogue"


def test_page_names_every_detector_once_and_what_it_does_not_see() -> None:
    page = detector_page.page()
    names = re.findall(r"^## ([a-z_]+)$", page, re.MULTILINE)
    assert names == [one.id for one in detectors()]
    assert page.count("- does not see: ") == len(names)


def test_every_limit_is_read_by_a_detector_or_a_view() -> None:
    views = (Path(detector_page.__file__).parent / "sql" / "views").glob("*.sql")
    texts = [one.sql for one in detectors()] + [path.read_text("utf-8") for path in views]
    read = {name for text in texts for name in re.findall(r"\bp\.(\w+)", text)}
    assert {limit.column for limit in LIMITS} <= read


def test_the_example_works_as_it_stands(analyse: Analyse, tmp_path: Path) -> None:
    sql = detector_page.HEAD.partition("```sql\n")[2].partition("```")[0]
    assert detector(sql).id == "long_wait"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "long_wait.sql").write_text(sql)
    rows = [
        at(0, "a", "lock.acquire", resource="db"),
        at(1, "b", "lock.request", resource="db"),
        at(20, "a", "lock.release", resource="db"),
        at(21, "b", "lock.acquire", resource="db"),
        at(22, "b", "lock.release", resource="db"),
    ]
    _, document = analyse({"log.jsonl": rows}, detectors=str(tmp_path / "own"))
    assert [one.text for one in document.anomalies if one.detector == "long_wait"] == ["b waited 20 min for db"]
