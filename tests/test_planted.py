"""The bundled example against the list of what was planted in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from session_ops import example
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Finding, Severity
from session_ops.registry import Facts, Registry, check

PLANTED: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "planted.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finding, ...]:
    tree = read_tree(example.materialise(tmp_path_factory.mktemp("example")))
    registry = Registry.load()
    return check(registry, Facts(registry, {"tree": tree, "answers": Answers()}), tree.root).findings


def meets(finding: Finding, row: dict[str, Any]) -> bool:
    """Same file, line and category, and the rule where one is named; an absence has no line."""
    places = [finding.at, *finding.also]
    there = any(e.path == row["file"] and (e.line or None) == row["line"] for e in places)
    return there and finding.category == row["category"] and row["rule"] in (None, finding.rule)


def rows(family: str) -> list[Any]:
    later = [pytest.mark.xfail(strict=True, reason="no rule for it yet")] if family == "later" else []
    return [
        pytest.param(row, id=f"{row['file']}:{row['line']}:{row['category']}:{number}", marks=later)
        for number, row in enumerate(PLANTED)
        if row["family"] == family
    ]


@pytest.mark.parametrize("row", rows("now"))
def test_what_is_planted_is_found_at_its_line(found: tuple[Finding, ...], row: dict[str, Any]) -> None:
    assert [f for f in found if meets(f, row)], [f"{f.rule} {f.at.place}" for f in found if f.at.path == row["file"]]


@pytest.mark.parametrize("row", rows("later"))
def test_what_no_rule_knows_yet(found: tuple[Finding, ...], row: dict[str, Any]) -> None:
    assert [f for f in found if meets(f, row)]


def test_nothing_critical_is_reported_beyond_the_list(found: tuple[Finding, ...]) -> None:
    beyond = [f for f in found if f.severity is Severity.CRITICAL and not any(meets(f, row) for row in PLANTED)]
    assert [f"{f.rule} {f.at.place} {f.message}" for f in beyond] == []


def test_the_list_is_long_and_wide() -> None:
    assert len(PLANTED) >= 25
    assert sum(row["family"] == "now" for row in PLANTED) >= 12
    assert len({row["category"] for row in PLANTED}) == 20
