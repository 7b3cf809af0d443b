"""A case with `prove`: runs in the diagnosis, the notebook's table and the report; seconds in case.json alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conftest import Make
from tests.proof.conftest import digest
from tests.proof.test_gates_python import files

from session_ops import show
from session_ops.case import Case
from session_ops.cli import main
from session_ops.model import Gate, Outcome, to_json
from session_ops.proof.sandbox import refusal


@pytest.fixture(autouse=True)
def _sandboxed(sandboxed: None) -> None:
    assert refusal() == ""


def test_the_diagnosis_holds_what_ran_and_two_runs_are_equal(make: Make, tmp_path: Path) -> None:
    root = make(files("tiny_ops/names.json"), git=True)
    before = digest(root)
    cases = [Case.open(target=str(root), case=str(tmp_path / name), prove=True) for name in ("one", "two")]
    one, two = (case["diagnosis"] for case in cases)
    assert to_json(one) == to_json(two)
    assert digest(root) == before
    gates = {gate.gate: gate for gate in one.gates}
    assert gates[Gate.START].outcome is Outcome.FAIL
    assert "FileNotFoundError" in gates[Gate.START].reason
    assert gates[Gate.BUILD].outcome is Outcome.PASS
    assert one.verdict == "blocked"
    assert {run.seconds for gate in one.gates for run in gate.runs} == {0.0}
    took = cases[0].seconds("diagnosis")
    assert took["build: uv build"] > 0
    assert str(tmp_path) not in to_json(one).decode()
    assert cases[0].stored("diagnosis") == one

    shown = show.runs(one.gates, took)
    assert "tiny-ops --count 2" in shown.text
    assert "FileNotFoundError" in shown.text
    assert f"{took['build: uv build']:.1f}</td>" in shown.html
    assert "<script" not in show.runs([gates[Gate.START]]).html


def test_without_prove_nothing_runs_and_the_table_says_so(make: Make) -> None:
    diagnosis = Case.open(target=str(make(files(), git=True)))["diagnosis"]
    assert all(gate.runs == () for gate in diagnosis.gates)
    assert show.runs(diagnosis.gates).text.startswith("No command was run")


def test_the_report_shows_the_commands(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "case"
    case = Case.open(target=str(make(files(), git=True)), case=str(folder), prove=True)
    case["report"]
    text = (folder / "report.md").read_text()
    assert "**What was run in a copy**" in text
    assert "| start | ✓ clear | `tiny-ops --help` | 0 |" in text
    html = (folder / "report.html").read_text()
    assert "What was run in a copy" in html
    assert "tiny-ops --help" in html
    phases = json.loads((folder / "case.json").read_text())["phases"]
    assert any(name.startswith("start: tiny-ops") for name in phases["diagnosis"]["commands"])


def test_the_solution_says_what_ran_with_each_fix(make: Make, tmp_path: Path) -> None:
    broken = files("tiny_ops/names.json") | {
        "CLAUDE.md": "Start with `bash scripts/begin.sh`.\n",
        "scripts/begin.sh": "tiny-ops --help\n",
    }
    case = Case.open(target=str(make(broken, git=True)), case=str(tmp_path / "case"), prove=True)
    solution = case["solution"]
    assert solution.gates_before == case["diagnosis"].gates
    assert any(gate.runs for gate in solution.gates_after)
    assert [check.fix for check in solution.checks] == [fix.id for fix in solution.fixes]
    assert solution.fixes
    for check in solution.checks:
        assert "ran in a sandboxed copy" in check.proof
    text = repr(show.before_after(solution.gates_before, solution.gates_after))
    assert "start      ✗ →" in text
    assert "commands ran in a copy with all fixes" in text


@pytest.mark.parametrize("command", ["run", "fix"])
def test_trust_target_wants_prove(make: Make, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(make({"a.sh": "echo\n"})), "--trust-target"]) == 2
    assert "--prove" in capsys.readouterr().err
