"""What `check` prints: text, json, markdown, workflow commands."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.report.documents import ADVICE, CHECKED, HOSTILE, SECRET, START

from session_ops.model import Outcome, Severity
from session_ops.registry import Checked
from session_ops.report.jsonout import findings_json, github, markdown
from session_ops.report.text import render


def test_text_says_verdict_places_and_counts() -> None:
    lines = render(CHECKED, "agent-ops").splitlines()
    assert lines[0].startswith(
        "NOT DEPLOYABLE  agent-ops: 3 critical findings in 3 files; gates that fail: start, relocate, guard"
    )
    assert lines.index("bin/start.sh") < lines.index("LICENSE"), "what is critical comes first"
    assert any(line.split()[:2] == ["3", "critical"] and line.endswith(START.id) for line in lines)
    assert "3 critical, 1 configuration gap, 1 advice (shown with --advice)" in lines
    assert "not checked: SHIP-UNIT: a tool is absent" in lines


def test_advice_is_printed_when_asked() -> None:
    assert ADVICE.id not in render(CHECKED, "x")
    assert ADVICE.id in render(CHECKED, "x", advice=True)


def test_plain_text_has_no_escape_codes_and_a_terminal_has() -> None:
    assert "\x1b[" not in render(CHECKED, "x")
    assert "\x1b[" in render(CHECKED, "x", terminal=True)


def test_long_lines_are_not_wrapped_in_plain_text() -> None:
    long = replace(START, message="word " * 60)
    assert any(len(line) > 300 for line in render(Checked((), (long,)), "x").splitlines())


def test_open_is_not_green() -> None:
    opened = tuple(r for r in CHECKED.results if r.outcome is Outcome.OPEN)
    assert render(Checked(opened, ()), "x").startswith("OPEN")
    assert render(Checked((), ()), "x").startswith("NOTHING CRITICAL")


def test_hostile_text_cannot_steer_a_terminal_or_a_workflow() -> None:
    bad = replace(
        START, message=f"{HOSTILE}\n::error::made up", at=replace(START.at, path="a,b:c\n::set-env::x", quote=HOSTILE)
    )
    checked = Checked((), (bad,))
    assert "\x1b" not in render(checked, "x")
    said = github(checked, "sub/")
    assert said.count("\n") == 1
    assert said.startswith("::error file=sub/a%2Cb%3Ac%0A%3A%3Aset-env%3A%3Ax,line=3,title=REF-RUN (critical)::")


def test_github_levels_follow_severity() -> None:
    words = [line.split(" ")[0] for line in github(CHECKED, "", advice=True).splitlines()]
    assert words == ["::error", "::error", "::warning", "::error", "::notice"]


def test_json_holds_findings_and_rules() -> None:
    data = json.loads(findings_json(CHECKED, "agent-ops", "sub/", version="1"))
    assert data["counts"] == {s.value: n for s, n in zip(Severity, (3, 1, 1), strict=True)}
    assert data["findings"][0]["at"]["line"] == 3
    assert {r["rule"]: r["outcome"] for r in data["rules"]}["SHIP-UNIT"] == "open"


def test_no_format_shows_a_secret() -> None:
    shown = (render(CHECKED, "x"), github(CHECKED, ""), markdown(CHECKED, "x"), findings_json(CHECKED, "x", "").decode())
    assert not any("correct-horse-9" in text for text in shown)
    assert SECRET.id in shown[0]


def test_markdown_is_a_table_that_hostile_text_cannot_leave() -> None:
    bad = replace(START, message=HOSTILE)
    rows = [line for line in markdown(Checked((), (bad,)), "x").splitlines() if line.startswith("| critical")]
    assert len(rows) == 1
    assert "<script>" not in rows[0].replace("\\<", "")
