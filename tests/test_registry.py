from __future__ import annotations

from pathlib import Path

import pytest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Evidence, Finding, Outcome, Severity, UsageError
from session_ops.registry import Facts, Registry, check
from tests.conftest import Make

HEAD = """
from session_ops.model import Evidence, Finding
from session_ops.registry import CannotCheck, NotApplicable, fact, rule
"""


def run(make: Make, code: str, tmp_path: Path, files: dict[str, str] | None = None) -> dict[str, tuple[Outcome, str, int]]:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text(HEAD + code)
    registry = Registry.load([rules], packages=())
    tree = read_tree(make(files or {"a.sh": "one\ntwo\n"}))
    checked = check(registry, Facts(registry, {"tree": tree, "answers": Answers()}), tree.root)
    return {r.rule: (r.outcome, r.reason, len(r.findings)) for r in checked.results}


def test_facts_are_injected_by_parameter_name(make: Make, tmp_path: Path) -> None:
    code = """
@fact
def lines(tree): return tree.lines("a.sh")
@rule("X", gate="start", category="shell")
def x(lines, tree):
    "Two is wrong."
    for n, line in enumerate(lines, 1):
        if line == "two": yield Finding("two", tree.evidence("a.sh", n))
"""
    assert run(make, code, tmp_path) == {"X": (Outcome.FAIL, "", 1)}


def test_a_crash_costs_only_what_depends_on_it(make: Make, tmp_path: Path) -> None:
    code = """
@fact
def broken(tree): raise ValueError("no such thing")
@fact
def dependent(broken): return 1
@rule("A", gate="start", category="shell")
def a(dependent): yield
@rule("B", gate="start", category="shell")
def b(tree): return ()
@rule("C", gate="start", category="shell")
def c(tree): raise KeyError("c")
"""
    results = run(make, code, tmp_path)
    assert results["A"] == (Outcome.OPEN, "fact 'broken' could not be read: ValueError: no such thing", 0)
    assert results["B"] == (Outcome.PASS, "", 0)
    assert results["C"] == (Outcome.OPEN, "KeyError: 'c'", 0)


def test_outcomes(make: Make, tmp_path: Path) -> None:
    code = """
@rule("FAILS", gate="start", category="shell")
def fails(tree): yield Finding("x", tree.evidence("a.sh", 1))
@rule("NEEDS", gate="start", category="shell", requires=("FAILS",))
def needs(tree): return ()
@rule("NOT", gate="start", category="shell")
def never(tree):
    raise NotApplicable("no Dockerfile")
    yield
@rule("TOOL", gate="start", category="shell")
def tool(tree):
    raise CannotCheck("tool absent")
    yield
@rule("UNKNOWN", gate="start", category="shell")
def unknown(nobody_knows): return ()
"""
    results = run(make, code, tmp_path)
    assert results["NEEDS"] == (Outcome.BLOCKED, "needs FAILS to pass", 0)
    assert results["NOT"] == (Outcome.NOT_APPLICABLE, "no Dockerfile", 0)
    assert results["TOOL"] == (Outcome.OPEN, "tool absent", 0)
    assert results["UNKNOWN"] == (Outcome.OPEN, "nobody provides the fact 'nobody_knows'", 0)


def test_a_finding_whose_evidence_does_not_hold_is_dropped_and_said(make: Make, tmp_path: Path) -> None:
    code = """
@rule("LIES", gate="start", category="shell")
def lies(tree):
    import dataclasses
    yield Finding("wrong line", dataclasses.replace(tree.evidence("a.sh", 1), quote="three"))
@rule("HALF", gate="start", category="shell")
def half(tree):
    yield Finding("right", tree.evidence("a.sh", 1))
    yield Finding("beyond", Evidence("a.sh", 9, 9, "", tree.entries["a.sh"].sha256))
"""
    results = run(make, code, tmp_path)
    assert results["LIES"][0] is Outcome.OPEN
    assert "a.sh:1 does not say 'three'" in results["LIES"][1]
    assert results["HALF"][0] is Outcome.FAIL
    assert results["HALF"][2] == 1
    assert "1 finding(s) dropped" in results["HALF"][1]


def test_fingerprints_hold_no_line_number_and_tell_equal_quotes_apart(make: Make, tmp_path: Path) -> None:
    code = """
@rule("X", gate=None, category="gap")
def x(tree):
    for n, line in enumerate(tree.lines("a.sh"), 1):
        if line == "bad": yield Finding("bad", tree.evidence("a.sh", n))
"""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.py").write_text(HEAD + code)
    registry = Registry.load([rules], packages=())

    def prints(text: str, name: str) -> list[str]:
        tree = read_tree(make({"a.sh": text}, name=name))
        return [f.fingerprint for f in check(registry, Facts(registry, {"tree": tree}), tree.root).findings]

    first = prints("bad\nbad\n", "one")
    assert len(set(first)) == 2
    assert prints("\n\nbad\nok\nbad\n", "two") == first


def test_rules_of_ones_own_that_do_not_import_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import nothing_like_this\n")
    with pytest.raises(UsageError, match=r"mine\.py: ModuleNotFoundError"):
        Registry.load([tmp_path], packages=())
    with pytest.raises(UsageError, match="no such folder of rules"):
        Registry.load([tmp_path / "absent"], packages=())


def test_two_rules_with_one_id_are_refused(tmp_path: Path) -> None:
    code = HEAD + '@rule("X", gate=None, category="gap")\ndef x(tree): return ()\n'
    (tmp_path / "a.py").write_text(code)
    (tmp_path / "b.py").write_text(code)
    with pytest.raises(UsageError, match="X is defined twice"):
        Registry.load([tmp_path], packages=())


def test_facts_that_need_each_other_are_open(make: Make, tmp_path: Path) -> None:
    code = """
@fact
def a(b): return 1
@fact
def b(a): return 1
@rule("X", gate=None, category="gap")
def x(a): return ()
"""
    outcome, reason, _ = run(make, code, tmp_path)["X"]
    assert outcome is Outcome.OPEN
    assert "needs itself: a > b > a" in reason


@pytest.mark.parametrize(
    ("gate", "category", "confidence", "severity"),
    [
        ("start", "shell", "likely", Severity.CRITICAL),
        ("start", "shell", "possible", Severity.GAP),
        ("follow", "dangling-ref", "proven", Severity.GAP),
        (None, "gap", "likely", Severity.GAP),
        (None, "security", "likely", Severity.GAP),
        (None, "portability", "likely", Severity.ADVICE),
    ],
)
def test_severity_follows_from_gate_and_confidence(
    gate: str | None, category: str, confidence: str, severity: Severity
) -> None:
    from session_ops.model import Gate

    finding = Finding("m", Evidence("a"), confidence=confidence, gate=Gate(gate) if gate else None, category=category)  # type: ignore[arg-type]
    assert finding.severity is severity


def test_every_rule_explains_itself() -> None:
    registry = Registry.load()
    assert len(registry.rules) >= 15
    for one in registry.rules.values():
        assert one.title.endswith("."), one.id
        assert len(one.explanation) > 80, f"{one.id}: say why, what passes, and the source"
        assert "Source:" in one.explanation, f"{one.id}: name the source"
        assert 20 <= len(one.remedy) <= 240, (
            f"{one.id}: a paragraph `Do:` says in one or two sentences what to do about a finding"
        )
        assert one.remedy[0].isupper(), f"{one.id}: {one.remedy}"
