"""The diagnosis document: gates, causes, verdict, security, assumptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from session_ops.model import Confidence, Evidence, Gate, GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from session_ops.case import Case
    from session_ops.discovery.files import Tree
    from session_ops.proof.patches import State
    from session_ops.registry import Facts


@dataclass(frozen=True)
class Cause:
    """A root cause: what it is in one sentence, the findings that it explains, the gates that it keeps shut.

    `basis` says why these findings belong together (same removed commit, same missing file, same wrong base …); `anomalies` are texts of
    anomalies that the logs show of it. `confidence` is `proven` only after an experiment; declared edges are `likely` or `possible`.
    """

    id: str
    title: str
    why: str
    basis: str
    findings: tuple[str, ...]
    gates: tuple[Gate, ...]
    confidence: Confidence
    anomalies: tuple[str, ...] = ()
    proof: str = ""
    """What was seen when its fixes were applied alone; empty where that was not tried."""
    opens: tuple[Gate, ...] = ()
    """The gates that no longer failed then."""

    def _repr_html_(self) -> str:
        from session_ops import show

        return show.causes([self]).html


@dataclass(frozen=True)
class Assumption:
    """One of the five questions, the answer that was given or inferred, and where it was inferred from."""

    question: str
    answer: str
    given: bool
    why: str
    evidence: tuple[Evidence, ...] = ()
    validate: str = ""


@dataclass(frozen=True)
class Document:
    """`verdict` is `blocked` (a gate fails), `open` (nothing fails, something could not be looked at) or `deployable`.

    `gates` are in the order of deployment; `causes` ranked by the gates and findings that hang on them; `security` are ids of findings.
    `headline` is one sentence that says whether it deploys and what stops it first.
    """

    verdict: Literal["blocked", "open", "deployable"]
    headline: str
    gates: tuple[GateResult, ...]
    causes: tuple[Cause, ...]
    security: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    looked_at: tuple[str, ...] = ()
    """What was looked at for security, one sentence for each rule."""
    anomalies: tuple[str, ...] = ()
    """What the logs show and no finding explains."""


def compute(case: Case) -> Document:
    """Judge the gates from the analysis and (with `prove`) by running them, group findings under causes, infer what was not answered."""
    from session_ops.diagnosis import anomalies, assumptions, causes, gates, security, tried, verdict

    found, analysis, lifecycles = case["discovery"], case["analysis"], case["lifecycles"]
    folders = case.tree.folders
    known = causes.Known(
        found.references, found.history, frozenset(case.tree.entries) | folders, {r.rule: r.title for r in analysis.results}
    )
    judged = gates.judge(analysis.results, analysis.findings)
    if case.parameters.prove:
        from session_ops.proof.runs import prove

        proven = prove(case.tree, case.facts, trust=case.parameters.trust_target)
        judged = tried.with_runs(judged, proven, analysis.findings)
        case.note("diagnosis", commands=tried.seconds(proven))
    rooted = causes.causes(analysis.findings, known)
    if case.parameters.prove:
        rooted = _experimented(case, rooted, judged)
    rooted = _shutting(rooted, judged)
    grouped, loose = anomalies.joined(rooted, {f.id: f for f in analysis.findings}, lifecycles.anomalies, found.references)
    return Document(
        verdict=verdict.verdict(judged), headline=verdict.headline(judged, grouped), gates=judged, causes=grouped,
        security=security.touching(analysis.findings), assumptions=assumptions.assume(found, case.tree, case.answers),
        looked_at=security.looked_at(analysis.results), anomalies=loose,
    )  # fmt: skip


def _shutting(rooted: Sequence[Cause], judged: Sequence[GateResult]) -> tuple[Cause, ...]:
    """The causes with the gates that they really keep shut: one that holds when it is run is none. Those that keep none come last."""
    holds = {result.gate for result in judged if result.outcome is Outcome.PASS}
    shut = [replace(cause, gates=tuple(gate for gate in cause.gates if gate not in holds)) for cause in rooted]
    return tuple(sorted(shut, key=lambda cause: not cause.gates))


def _experimented(case: Case, rooted: tuple[Cause, ...], judged: tuple[GateResult, ...]) -> tuple[Cause, ...]:
    """The causes after experiments in a copy."""
    from session_ops.diagnosis import experiments
    from session_ops.proof.effects import as_changed
    from session_ops.proof.runs import prove, provers
    from session_ops.registry import Checked

    quick = [name for name, _, _ in provers() if not name.startswith("coordinate.")]  # eight sessions at once take minutes
    analysis = case["analysis"]
    bench = experiments.Bench(case.tree, case.registry, case.answers, case.facts, Checked(analysis.results, analysis.findings))

    def run(view: Tree, facts: Facts, after: Mapping[str, State | None]) -> Mapping[Gate, GateResult]:
        place, files = as_changed(case.tree, view, after)
        return prove(place, facts, files=files, trust=case.parameters.trust_target, only=quick)

    return experiments.judged(rooted, experiments.experiments(rooted, bench, judged, run))
