"""Causes: findings that go back to the same thing are told as one, and those with most gates come first."""

from session_ops.diagnosis.anomalies import LETS, MAY_LET, NOT_LAID, joined
from session_ops.diagnosis.causes import Known, causes
from session_ops.diagnosis.phase import Cause
from session_ops.diagnosis.verdict import headline
from session_ops.discovery.history import Attempt, History
from session_ops.discovery.references import Act, Reference, Verdict
from session_ops.lifecycles.detectors import detectors
from session_ops.lifecycles.phase import AnomalyRow
from session_ops.model import Category, Confidence, Evidence, Finding, Gate, GateResult, Outcome
from session_ops.registry import Registry

OID = "7d737aa" + "0" * 33


def found(
    name: str, path: str, line: int = 1, *, gate: Gate | None = Gate.START, category: Category = "dangling-ref", quote: str = "x",
    rule: str = "", confidence: Confidence = "likely", data: dict[str, str] | None = None,
) -> Finding:  # fmt: skip
    at = Evidence(path, line, line, quote, "0" * 64) if line else Evidence(path)
    return Finding(
        f"{name} is wrong", at, gate=gate, category=category, rule=rule or name, id=name, confidence=confidence, data=data or {}
    )


def refers(source: str, line: int, target: str, verdict: Verdict = "missing", act: Act = "import") -> Reference:
    return Reference(source, line, "javascript", act, target, target, verdict)


def known(*references: Reference, removed: dict[str, str] | None = None, paths: tuple[str, ...] = ()) -> Known:
    attempts = (Attempt("package.json", "manifest", OID, "2026-04-09T10:00:00Z", "Modernize"),) if removed else ()
    return Known(references, History(3, False, attempts, removed or {}), frozenset(paths), {"R": "A script does this wrong."})


def test_what_one_commit_removed_is_one_cause_and_explains_undeclared_dependencies() -> None:
    findings = [
        found("M", "package.json", 0, gate=Gate.INSTALL, category="package"),
        found("A", "a.js", 3),
        found("B", "b.js", 4),
        found("D", "c.js", 1, gate=Gate.METADATA, category="dependency"),
        found("X", "x.sh", 9, category="interactive"),
    ]
    removed = {"package.json": OID, "core/one.js": OID, "core/two.js": OID}
    got = causes(findings, known(refers("a.js", 3, "core/one"), refers("b.js", 4, "core/two.js"), removed=removed))
    first = got[0]
    assert first.title == "Commit 7d737aa removed package.json and core, which 2 files still need"
    assert set(first.findings) == {"M", "A", "B", "D"}
    assert first.gates == (Gate.METADATA, Gate.INSTALL, Gate.START)
    assert first.confidence == "likely"
    assert "2026-04-09, 'Modernize'" in first.why
    assert [cause.findings for cause in got[1:]] == [("X",)]
    assert [cause.id for cause in got] == ["C1", "C2"]


def test_a_folder_that_several_files_miss_is_one_cause() -> None:
    findings = [found("A", "a.sh", 3), found("B", "b.sh", 4), found("C", "b.sh", 5)]
    references = [refers("a.sh", 3, "lib/x/one.sh"), refers("b.sh", 4, "lib/x/two.sh"), refers("b.sh", 5, "other.sh")]
    got = causes(findings, known(*references, paths=("lib", "a.sh", "b.sh")))
    assert got[0].title == "The folder lib/x is not there, and 2 files need it"
    assert got[0].findings == ("A", "B")
    assert got[1].findings == ("C",)


def test_the_same_missing_file_and_the_same_home_and_the_same_base() -> None:
    findings = [
        found("A", "a.sh"), found("B", "b.sh"),
        found("H1", "c.sh", quote="cd /Users/anna/x", category="portability", gate=Gate.RELOCATE),
        found("H2", "d.sh", quote="/Users/anna/y", category="portability", gate=Gate.RELOCATE),
        found("W1", "e.sh", 4, data={"base": "ROOT"}), found("W2", "e.sh", 5, data={"base": "ROOT"}),
    ]  # fmt: skip
    got = causes(findings, known(refers("a.sh", 1, "env.sh"), refers("b.sh", 1, "env.sh"), paths=("a.sh",)))
    assert {(cause.title, cause.findings) for cause in got} == {
        ("env.sh is not there, and 2 files need it", ("A", "B")),
        ("The home folder /Users/anna of one person is written into c.sh and d.sh", ("H1", "H2")),
        ("ROOT in e.sh leads to the wrong folder, and 2 places look from there", ("W1", "W2")),
    }


def test_what_is_left_is_grouped_by_rule_and_what_was_never_written_is_one_cause() -> None:
    findings = [
        found("R1", "a.sh", 1, rule="R", category="shell"),
        found("R2", "b.sh", 2, rule="R", category="shell"),
        found("G1", "LICENSE", 0, gate=None, category="gap"),
        found("G2", "tests", 0, gate=None, category="gap"),
        found("advice", "a.sh", 7, gate=None, category="shell"),
    ]
    got = causes(findings, known())
    assert [(cause.title, cause.confidence) for cause in got] == [
        ("A script does this wrong: 2 times in a.sh and b.sh", "possible"),
        ("Parts that a package needs were never written: LICENSE and tests", "possible"),
    ]
    assert not any("advice" in cause.findings for cause in got)


def test_causes_with_more_gates_come_first_and_the_headline_names_the_first() -> None:
    findings = [
        *(found(f"R{n}", f"{n}.sh", rule="R", category="shell") for n in range(5)),
        found("A", "a.sh", 3),
        found("B", "Dockerfile", 4, gate=Gate.SHIP),
    ]
    got = causes(findings, known(refers("a.sh", 3, "x.sh"), refers("Dockerfile", 4, "x.sh")))
    assert got[0].findings == ("A", "B")
    gates = [GateResult(gate, Outcome.FAIL if gate in (Gate.START, Gate.SHIP) else Outcome.PASS) for gate in Gate]
    assert headline(gates, got) == (
        "Not deployable: 2 of 11 gates fail (start, ship); first: x.sh is not there, and 2 files need it."
    )


def anomaly(path: str, detector: str = "orphan", ts: str = "2026-01-01T00:00:00Z") -> AnomalyRow:
    return AnomalyRow(detector, "s1", "a", "", ts, "critical", "likely", False, (), f"session a never ended in {path}.", path)


def test_an_anomaly_is_laid_only_to_a_finding_in_a_file_that_writes_that_state() -> None:
    cause = Cause("C1", "t", "w", "b", ("E", "P"), (), "likely")
    findings = {"E": found("E", "end.sh", category="interactive"), "P": found("P", "port.sh", category="portability")}
    writes = (refers("end.sh", 5, "logs", "created", "write"), refers("port.sh", 5, "state.json", "created", "write"))
    rows = [anomaly("logs/e.jsonl"), anomaly("logs/e.jsonl", ts="2026-01-02T00:00:00Z"), anomaly("state.json", "torn_records")]
    (got,), loose = joined([cause], findings, rows, writes)
    assert got.anomalies == (
        "logs/e.jsonl: orphan: session a never ended in logs/e.jsonl (2 in all, last at 2026-01-02T00:00:00Z)",
    )
    assert loose == ("state.json: torn_records: session a never ended in state.json",)


def test_the_link_says_how_sure_it_is() -> None:
    findings = {
        "H": found("H", "run.sh", 3, rule="HEADLESS-PROMPT"),
        "P": found("P", "p.sh", 4, rule="STATE-POINTER"),
        "A": found("A", "a.sh", 5, rule="LOCK-AGE", confidence="possible"),
    }
    rows = [anomaly("e.log", name) for name in ("crash_loop", "transcript_fork", "fenced_out", "storm")]
    (got,), loose = joined([Cause("C1", "t", "w", "b", ("H", "P", "A"), (), "likely")], findings, rows, ())
    assert [text.rpartition("; ")[2] for text in got.anomalies] == [
        "run.sh:3 lets it happen (HEADLESS-PROMPT)",
        "a.sh:5 may let it happen (LOCK-AGE)",
        "p.sh:4 may let it happen (STATE-POINTER)",
    ]
    assert loose == ("e.log: storm: session a never ended in e.log",)


def test_every_detector_is_laid_to_rules_or_has_a_reason_why_not() -> None:
    tables = (LETS, MAY_LET, NOT_LAID)
    assert sorted(name for table in tables for name in table) == [one.id for one in detectors()]
    known = set(Registry.load().rules)
    assert {rule for table in (LETS, MAY_LET) for rules in table.values() for rule in rules} <= known
