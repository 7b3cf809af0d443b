"""Gates: what makes one fail, pass, stay open or not apply."""

import pytest

from session_ops.diagnosis.gates import judge
from session_ops.diagnosis.verdict import headline, verdict
from session_ops.model import Category, Confidence, Evidence, Finding, Gate, GateResult, Outcome, RuleResult

FAIL, PASS, OPEN, BLOCKED, NOTHING = (
    Outcome.FAIL, Outcome.PASS, Outcome.OPEN, Outcome.BLOCKED, Outcome.NOT_APPLICABLE,
)  # fmt: skip


def found(gate: Gate | None, confidence: Confidence = "likely", category: Category = "shell", name: str = "T-1") -> Finding:
    return Finding("is wrong", Evidence("a.sh", 1), gate=gate, confidence=confidence, category=category, rule="T", id=name)


def rules(gate: Gate, *outcomes: Outcome) -> list[RuleResult]:
    return [RuleResult(f"T-{n}", o, gate=gate, reason="" if o in (PASS, FAIL) else "why") for n, o in enumerate(outcomes)]


def of(gate: Gate, results: list[RuleResult], findings: list[Finding]) -> GateResult:
    return next(g for g in judge(results, findings) if g.gate is gate)


def test_all_eleven_gates_are_judged_in_the_order_of_deployment() -> None:
    assert [gate.gate for gate in judge([], [])] == list(Gate)


@pytest.mark.parametrize(
    ("outcomes", "confidence", "expected"),
    [
        ([PASS, FAIL], "likely", FAIL),
        ([PASS, FAIL], "possible", OPEN),
        ([FAIL], "possible", OPEN),
        ([PASS, OPEN], None, OPEN),
        ([PASS, OPEN, FAIL], "likely", FAIL),
        ([PASS, BLOCKED], None, BLOCKED),
        ([PASS, NOTHING], None, PASS),
        ([NOTHING], None, NOTHING),
        ([], None, OPEN),
    ],
)
def test_a_gate_holds_only_where_somebody_looked_and_nothing_breaks_it(
    outcomes: list[Outcome], confidence: Confidence | None, expected: Outcome
) -> None:
    findings = [found(Gate.START, confidence)] if confidence else []
    gate = of(Gate.START, rules(Gate.START, *outcomes), findings)
    assert gate.outcome is expected
    assert gate.findings == (("T-1",) if expected is FAIL else ())
    if confidence == "possible":
        assert "T-1" in gate.reason


def test_a_gate_that_no_rule_looks_at_is_open_and_says_so() -> None:
    gate = of(Gate.COORDINATE, rules(Gate.START, PASS), [])
    assert (gate.outcome, gate.reason) == (OPEN, "no rule looks at this gate yet")


def test_a_rule_that_dropped_findings_leaves_its_gate_open() -> None:
    results = [RuleResult("T-0", FAIL, gate=Gate.START, reason="1 finding(s) dropped, their evidence did not hold: x")]
    gate = of(Gate.START, results, [found(Gate.START, "possible")])
    assert gate.outcome is OPEN
    assert "dropped" in gate.reason


def test_a_finding_breaks_the_gate_that_it_names_and_not_its_rules() -> None:
    gates = judge(rules(Gate.START, FAIL), [found(Gate.SHIP)])
    assert {g.gate for g in gates if g.outcome is FAIL} == {Gate.SHIP}


def test_docs_that_lead_astray_fail_their_gate_but_block_no_deployment() -> None:
    results = [r for gate in Gate for r in rules(gate, PASS)]
    gates = judge(results, [found(Gate.FOLLOW)])
    assert of(Gate.FOLLOW, results, [found(Gate.FOLLOW)]).outcome is FAIL
    assert verdict(gates) == "deployable"
    assert headline(gates, ()).endswith("Someone who follows its docs does not arrive.")


def test_the_verdict_is_open_where_a_gate_could_not_be_judged() -> None:
    results = [r for gate in Gate if gate is not Gate.GUARD for r in rules(gate, PASS)]
    gates = judge(results, [])
    assert verdict(gates) == "open"
    assert headline(gates, ()).startswith(
        "Nothing was found that stops a deployment, but 1 of 11 gates could not be judged (guard)."
    )
