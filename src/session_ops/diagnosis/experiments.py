"""Causes by experiment: apply the fix of one thing alone and see what else is gone with it.

Declared edges are hypotheses: "this finding keeps that gate shut". In an experiment the fixes of one cause, and nothing else, are applied to
the target in a copy, and the rules read again: findings that vanish with them are their effects, and a gate that holds then was kept shut
by this cause. Where the gates are run, the commands of those that the cause is said to shut are run again as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from session_ops.diagnosis.gates import judge
from session_ops.diagnosis.phase import Cause
from session_ops.diagnosis.tried import with_runs
from session_ops.discovery.files import Tree
from session_ops.model import Answers, Finding, Fix, Gate, GateResult, Outcome
from session_ops.proof.effects import compare
from session_ops.proof.fixes import offered, united
from session_ops.proof.patches import State
from session_ops.proof.series import series
from session_ops.proof.trial import Trial
from session_ops.registry import Checked, Facts, Registry

MOST = 8
"""Causes that are experimented with, the greatest first."""
RUN = 3
"""Experiments in which gates are run too; each costs as much as a proof."""
Gates = Sequence[GateResult]
Run = Callable[[Tree, Facts, Mapping[str, State | None]], Mapping[Gate, GateResult]]
"""Runs the gates on a target as it is after some changes."""


@dataclass(frozen=True)
class Experiment:
    """What was seen when the fixes of one cause were applied alone: findings and gates that it opened. `fixes` are their titles."""

    cause: str
    fixes: tuple[str, ...]
    gone: tuple[str, ...]
    opened: tuple[Gate, ...]


@dataclass(frozen=True)
class Bench:
    """What experiments are made with: the target as it was read and what the rules said of it."""

    tree: Tree
    registry: Registry
    answers: Answers
    facts: Facts
    checked: Checked


def experiments(causes: Sequence[Cause], bench: Bench, gates: Gates, run: Run | None = None) -> tuple[Experiment, ...]:
    """One experiment for each of the greatest causes that has a fix. `run` runs the gates in the first few of them."""
    found = {finding.id: finding for finding in bench.checked.findings}
    done: list[Experiment] = []
    ran = 0
    with Trial(bench.tree, bench.registry, bench.answers) as trial:
        for cause in causes:
            fixes = _fixes(cause, found, bench)
            if not fixes or len(done) >= MOST:
                continue
            made = series(fixes, bench.tree, trial)
            if not made.links:
                continue
            after = made.links[-1].after
            checked = trial.check(after)
            gone = compare(bench.checked, checked, after, trial.stood).gone
            judged = judge(checked.results, checked.findings)
            shut = {result.gate for result in gates if result.outcome is Outcome.FAIL and result.gate in cause.gates}
            if run is not None and ran < RUN and any(result.runs for result in gates if result.gate in shut):
                ran += 1
                view = trial.changed_tree(after)
                facts = Facts(bench.registry, {"tree": view, "answers": bench.answers})
                judged = with_runs(judged, run(view, facts, after), checked.findings)
            opened = tuple(result.gate for result in judged if result.gate in shut and result.outcome is not Outcome.FAIL)
            titles = tuple(link.fix.title for link in made.links)
            done.append(Experiment(cause.id, titles, tuple(sorted(gone)), opened))
    return tuple(done)


def _fixes(cause: Cause, found: Mapping[str, Finding], bench: Bench) -> list[Fix]:
    mine = [found[name] for name in cause.findings if name in found]
    fixes, _ = offered(bench.registry, bench.facts, mine)
    return united(fixes, {finding.id: finding.rule for finding in mine})


def graph(causes: Sequence[Cause], seen: Sequence[Experiment]) -> nx.DiGraph[str]:
    """Causes, findings and gates as nodes. An edge carries `proven`: seen in an experiment, or only declared."""
    drawn: nx.DiGraph[str] = nx.DiGraph()
    for cause in causes:
        for one in cause.findings:
            drawn.add_edge(cause.id, one, proven=False)
        for gate in cause.gates:
            drawn.add_edge(cause.id, gate.value, proven=False)
    for experiment in seen:
        for one in (*experiment.gone, *(gate.value for gate in experiment.opened)):
            drawn.add_edge(experiment.cause, one, proven=True)
    return drawn


def judged(causes: Sequence[Cause], seen: Sequence[Experiment]) -> tuple[Cause, ...]:
    """Causes with what the experiments say, those first that open most gates by themselves.

    A cause is proven where its fixes opened a gate, took findings of other causes away too, or took more of its own away than there are
    fixes: that each fix removes the finding it was made for proves nothing. What vanished and was told under another cause is named; a
    cause whose findings all vanished with another's fixes comes after that one.
    """
    drawn = graph(causes, seen)
    by_cause = {experiment.cause: experiment for experiment in seen}
    home = {one: cause for cause in causes for one in cause.findings}
    told = []
    for cause in causes:
        experiment = by_cause.get(cause.id)
        if experiment is None or not experiment.gone:
            told.append(cause)
            continue
        mine = [one for one in cause.findings if drawn.edges[cause.id, one]["proven"]]
        others = sorted({home[one].id for one in experiment.gone if one in home and home[one].id != cause.id})
        whole = len(mine) == len(cause.findings)
        proven = bool(experiment.opened or others) or (whole and len(experiment.fixes) < len(cause.findings))
        told.append(
            replace(
                cause, confidence="proven" if proven else cause.confidence, opens=experiment.opened,
                proof=_words(experiment, len(mine), len(cause.findings), others),
            )
        )  # fmt: skip
    place = {cause.id: number for number, cause in enumerate(causes)}
    under = {one for experiment in seen for one in experiment.gone}
    return tuple(sorted(told, key=lambda c: (-len(c.opens), c.id not in by_cause and set(c.findings) <= under, place[c.id])))


def _words(experiment: Experiment, mine: int, all_of_it: int, others: Sequence[str]) -> str:
    first = f"`{experiment.fixes[0]}`" + (f" and {len(experiment.fixes) - 1} more" if len(experiment.fixes) > 1 else "")
    said = [f"with {first} applied alone {mine} of {all_of_it} findings are gone"]
    if others:
        said.append(f"so are some of {', '.join(others)}")
    if experiment.opened:
        said.append(
            f"{', '.join(gate.value for gate in experiment.opened)} no longer fail{'s' if len(experiment.opened) == 1 else ''}"
        )
    return "; ".join(said)
