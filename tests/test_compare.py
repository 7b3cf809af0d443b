"""Two cases of one tracker, before and after a change, as a user compares them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from session_ops import runner
from session_ops.case import Case
from session_ops.compare import Comparison, compare, views

EVIL = "<script>alert(1)<script>"


def made(target: Path, case: Path) -> Path:
    results = runner.documents(Case.open(target=str(target), case=str(case)), lambda _: None)
    assert {result.status for result in results.values()} == {"done"}
    return case


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("compare")
    target = base / "tracker"
    target.mkdir()
    (target / "start.sh").write_text("#!/usr/bin/env bash\nset -e\nbash lib/gone.sh\nbash lib/other.sh\n")
    (target / "README.md").write_text("# Tracker\n\n```bash\n./start.sh\n```\n")
    event = '{"ts":"2026-01-05T10:0%d:00Z","event":"session.%s","session":"a%d"}\n'
    (target / "events.jsonl").write_text(event % (0, "start", 1) + event % (3, "end", 1))
    before = made(target, base / "before")
    (target / "lib").mkdir()
    (target / "lib/gone.sh").write_text("#!/usr/bin/env bash\necho here\n")
    (target / "start.sh").write_text("#!/usr/bin/env bash\nset -e\n\n\nbash lib/gone.sh\nbash lib/other.sh\n")
    (target / f"{EVIL}.sh").write_text("#!/usr/bin/env bash\nset -e\nbash lib/third.sh\n")
    (target / "events.jsonl").write_text(
        "".join((event % (0, "start", 1), event % (3, "end", 1), event % (4, "start", 2), event % (9, "end", 2)))
    )
    return before, made(target, base / "after")


@pytest.fixture(scope="module")
def difference(cases: tuple[Path, Path]) -> Comparison:
    return compare(*cases)


def test_findings_are_matched_without_their_lines(difference: Comparison) -> None:
    gone = [f.message for f in difference.gone]
    assert any("gone.sh" in message for message in gone)
    same = {f.message: f.place for f in difference.same}
    assert next(place for message, place in same.items() if "other.sh" in message) == "start.sh:6"
    assert f"{EVIL}.sh:3" in {f.place for f in difference.new}
    assert not {f.fingerprint for f in difference.new} & {f.fingerprint for f in difference.before.findings}


def test_sessions_and_gates_are_compared(difference: Comparison) -> None:
    assert ("sessions", 1, 2) in difference.numbers
    assert ("longest, s", 180.0, 300.0) in difference.numbers
    assert len(difference.gates) == 11
    assert f"{len(difference.gone)} findings gone, {len(difference.new)} new" in difference.summary


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_page_and_notebook_show_names_as_text(difference: Comparison) -> None:
    for shown in (views.page(difference), difference._repr_html_()):
        tags = Tags()
        tags.feed(shown)
        assert "script" not in tags.seen
        assert EVIL in "".join(tags.text)
        assert "✗" in shown or "✓" in shown


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "session_ops", "compare", *map(str, words)], capture_output=True, text=True, check=False
    )


def test_the_command_writes_text_json_and_html(cases: tuple[Path, Path], tmp_path: Path) -> None:
    text = run(*cases)
    assert text.returncode == 0
    assert "gone (" in text.stdout
    assert re.search(r"^  sessions +1  ->  2$", text.stdout, re.MULTILINE)
    data = json.loads(run(*cases, "--format", "json").stdout)
    assert len(data["findings"]["gone"]) >= 1
    assert {gate["gate"] for gate in data["gates"]} >= {"start", "coordinate"}
    assert run(*cases, "--format", "html", "--output", tmp_path / "c.html").returncode == 0
    assert (tmp_path / "c.html").read_text().startswith("<!doctype html>")
    assert "0 findings gone, 0 new" in run(cases[0], cases[0]).stdout


def test_bad_input_is_one_line(cases: tuple[Path, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(cases[0], broken)
    (broken / "diagnosis.json").write_text("{}")
    newer = tmp_path / "newer"
    shutil.copytree(cases[0], newer)
    (newer / "case.json").write_text('{"schema": 99}')
    unfinished = tmp_path / "unfinished"
    shutil.copytree(cases[0], unfinished)
    (unfinished / "findings.json").unlink()
    said = {
        tmp_path: "is no case folder",
        broken: "of another version",
        newer: "newer session-ops",
        unfinished: "is not finished",
    }
    for folder, wanted in said.items():
        done = run(cases[0], folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert wanted in done.stderr
        assert done.stderr.count("\n") == 1
