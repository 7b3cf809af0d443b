"""Causes by experiment: the fixes of one cause alone, and what is gone with them."""

from pathlib import Path

from session_ops.diagnosis.experiments import Bench, experiments, graph, judged
from session_ops.diagnosis.gates import judge
from session_ops.diagnosis.phase import Cause
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Gate, GateResult, Outcome
from session_ops.registry import Facts, Registry, check

RULES = '''
from session_ops.model import *
from session_ops.registry import rule

def give(finding):
    return Fix("Write base.txt", (finding.id,), "safe", creates=(NewFile("base.txt", "here\\n"),))

@rule("T-BASE", gate="install", category="package", fix=give)
def base(tree):
    """There is no base.txt."""
    if "base.txt" not in tree.entries:
        yield Finding("there is no base.txt", Evidence("base.txt"))

@rule("T-NEEDS", gate="start", category="dependency")
def needs(tree):
    """A line needs base.txt."""
    for entry in tree.files():
        for number, line in enumerate(tree.lines(entry.path), 1):
            if line == "needs base" and "base.txt" not in tree.entries:
                yield Finding("needs base.txt", tree.evidence(entry.path, number))

def mend(finding, tree):
    return Fix("Say good", (finding.id,), "safe", (Edit(finding.at.path, "bad", "good", finding.at.line),))

@rule("T-BAD", gate="start", category="shell", fix=mend)
def bad(tree):
    """A line is bad."""
    for entry in tree.files():
        for number, line in enumerate(tree.lines(entry.path), 1):
            if line == "bad":
                yield Finding("is bad", tree.evidence(entry.path, number))
'''


def bench(tmp_path: Path) -> tuple[Bench, tuple[GateResult, ...], list[Cause]]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/own.py").write_text(RULES)
    root = tmp_path / "t"
    root.mkdir()
    (root / "a.txt").write_text("needs base\nbad\n")
    (root / "b.txt").write_text("needs base\n")
    registry = Registry.load([tmp_path / "rules"], packages=["session_ops.discovery"])
    tree = read_tree(root)
    facts = Facts(registry, {"tree": tree, "answers": Answers()})
    checked = check(registry, facts, tree.root)
    ids = {rule: tuple(f.id for f in checked.findings if f.rule == rule) for rule in ("T-BAD", "T-BASE", "T-NEEDS")}
    causes = [
        Cause("C1", "bad line", "", "one finding", ids["T-BAD"], (Gate.START,), "likely"),
        Cause("C2", "needs", "", "the same rule", ids["T-NEEDS"], (Gate.START,), "possible"),
        Cause("C3", "no base", "", "one finding", ids["T-BASE"], (Gate.INSTALL,), "likely"),
    ]
    return Bench(tree, registry, Answers(), facts, checked), judge(checked.results, checked.findings), causes


def test_what_vanishes_with_another_things_fix_is_proven_to_hang_on_it(tmp_path: Path) -> None:
    made, gates, causes = bench(tmp_path)
    seen = experiments(causes, made, gates)
    assert [(one.cause, one.opened) for one in seen] == [("C1", ()), ("C3", (Gate.INSTALL,))]
    base = seen[1]
    assert set(causes[1].findings) <= set(base.gone)
    drawn = graph(causes, seen)
    assert drawn.edges["C3", causes[1].findings[0]]["proven"]
    assert not drawn.edges["C2", causes[1].findings[0]]["proven"]
    told = judged(causes, seen)
    assert [cause.id for cause in told] == ["C3", "C1", "C2"]  # who opens a gate comes first, who hangs on another last
    assert told[0].confidence == "proven"
    assert "so are some of C2" in told[0].proof
    assert "install no longer fails" in told[0].proof


def test_that_a_fix_removes_its_own_finding_proves_nothing(tmp_path: Path) -> None:
    made, gates, causes = bench(tmp_path)
    told = judged(causes, experiments(causes, made, gates))
    alone = next(cause for cause in told if cause.id == "C1")
    assert alone.confidence == "likely"
    assert alone.proof == "with `Say good in a.txt` applied alone 1 of 1 findings are gone"


def test_gates_are_run_where_they_were_run_before(tmp_path: Path) -> None:
    made, gates, causes = bench(tmp_path)
    asked: list[tuple[str, ...]] = []

    def run(_tree: object, _facts: object, after: dict[str, object]) -> dict[Gate, GateResult]:
        asked.append(tuple(after))
        return {
            Gate.INSTALL: GateResult(Gate.INSTALL, Outcome.FAIL, (), "1 command run in a copy", "it still does not install")
        }

    from session_ops.model import CommandRun

    ran = tuple(
        GateResult(g.gate, g.outcome, g.findings, g.how, g.reason, (CommandRun(Gate.INSTALL, "install", 1),) if g.gate is Gate.INSTALL else ())
        for g in gates
    )  # fmt: skip
    seen = experiments(causes, made, ran, run)  # type: ignore[arg-type]
    assert asked == [("base.txt",)]
    assert [one.opened for one in seen] == [(), ()]
