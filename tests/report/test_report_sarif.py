"""findings.sarif: valid, one result for each finding, passes and open rules beside them, fixes only when they are whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.report.documents import CHECKED, FINDINGS, FIXES, HOSTILE, REPOINT, SECRET, START, TEXT, XBIT

from session_ops.model import Edit, Evidence, Fix
from session_ops.registry import Checked, Registry
from session_ops.report.sarif import sarif, uri

SCHEMA = json.loads(Path(__file__).with_name("sarif_subset.schema.json").read_text())


def written(findings: tuple[Any, ...] = FINDINGS, fixes: tuple[Fix, ...] = FIXES, prefix: str = "sub/") -> dict[str, Any]:
    texts = {"bin/start.sh": TEXT}
    log = sarif(
        replace(CHECKED, findings=findings),
        Registry({}, {}),
        prefix,
        "agent-ops",
        fixes,
        "0.1.0",
        texts=lambda p: texts.get(p, ""),
    )
    jsonschema.validate(log, SCHEMA)
    return log["runs"][0]  # type: ignore[no-any-return]


def test_one_result_for_each_finding_with_level_and_category() -> None:
    results = written()["results"]
    assert [r["ruleId"] for r in results] == [f.rule for f in FINDINGS]
    assert [r["level"] for r in results] == ["error", "error", "warning", "error", "note"]
    assert [r["properties"]["category"] for r in results] == [f.category for f in FINDINGS]
    assert all(len(r["locations"]) == 1 for r in results)


def test_the_rule_index_points_at_the_rule() -> None:
    run = written()
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])


def test_places_are_relative_to_the_work_tree_and_encoded() -> None:
    assert uri("bin/a b#c:é%.sh", "sub/") == "sub/bin/a%20b%23c%3A%C3%A9%25.sh"
    assert uri("../README.md", "sub/") == "README.md"
    odd = b"bin/\xff.sh".decode("utf-8", "surrogateescape")
    assert uri(odd, "") == "bin/%FF.sh"
    location = written()["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "sub/bin/start.sh"
    assert location["region"] == {"startLine": 3, "snippet": {"text": "source bin/gone.sh"}}


def test_other_outcomes_are_notifications_and_not_results() -> None:
    run = written()
    said = {n["associatedRule"]["id"]: n for n in run["invocations"][0]["toolExecutionNotifications"]}
    assert {name: n["properties"]["outcome"] for name, n in said.items()} == {
        "META-PARSE": "pass", "NPM-LOCK": "not_applicable", "PY-NAMES": "blocked", "SHIP-UNIT": "open",
    }  # fmt: skip
    assert said["SHIP-UNIT"]["level"] == "warning"
    assert run["properties"]["outcomes"]["REF-RUN"] == "fail"


def test_fingerprints_hold_when_lines_move() -> None:
    moved = replace(START, at=replace(START.at, line=30, end=30))
    assert written()["results"][0]["partialFingerprints"] == written((moved,))["results"][0]["partialFingerprints"]


def test_a_fix_replaces_exactly_the_old_text() -> None:
    (fix,) = written()["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "sub/bin/start.sh"
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    line = TEXT.split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "bin/gone.sh"
    assert replacement["insertedContent"] == {"text": "lib/here.sh"}


@pytest.mark.parametrize(
    "fix",
    [
        pytest.param(XBIT, id="mode change only"),
        pytest.param(replace(REPOINT, modes=XBIT.modes), id="half of it is a mode change"),
        pytest.param(replace(REPOINT, edits=(Edit("bin/start.sh", "nowhere", "x"),)), id="text not there"),
        pytest.param(replace(REPOINT, edits=(Edit("bin/start.sh", "s", "x"),)), id="text there twice"),
        pytest.param(replace(REPOINT, edits=(Edit("bin/start.sh", "set", "x", 99),)), id="line not there"),
        pytest.param(
            replace(REPOINT, edits=(Edit("bin/start.sh", "bin/gone.sh", "AKIAIOSFODNN7EXAMPLE", 3),)), id="masked text"
        ),
    ],
)
def test_a_fix_that_sarif_cannot_hold_whole_is_left_out(fix: Fix) -> None:
    assert "fixes" not in written(fixes=(fix,))["results"][0]


def test_a_secret_is_never_shown() -> None:
    again = replace(START, message="PASSWORD is correct-horse-9")
    log = json.dumps(written((again, SECRET)))
    assert "correct-horse-9" not in log
    assert "PASSWORD = '***" in log


def test_hostile_text_is_text() -> None:
    bad = replace(START, message=HOSTILE, at=Evidence(HOSTILE, 1, 1, HOSTILE, "0" * 64))
    (result,) = written((bad,))["results"]
    text = result["message"]["text"]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\u202e" in text
    assert "\\[x](javascript:" in text, "viewers make links of brackets"


def test_a_target_without_rules_gives_a_valid_log() -> None:
    log = sarif(Checked((), ()), Registry({}, {}), "", "empty")
    jsonschema.validate(log, SCHEMA)
    assert log["runs"][0]["results"] == []
