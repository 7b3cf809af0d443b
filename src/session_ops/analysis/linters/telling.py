"""What linters said, as findings: what breaks a gate first, advice folded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from session_ops.analysis.linters.process import Remark, Report
from session_ops.discovery.files import Tree
from session_ops.model import Evidence, Finding
from session_ops.registry import CannotCheck

FOLDED = 20
"""Findings of advice that one linter may make, and places that one finding names."""
MANY = 3
"""Files with the same possible trouble that are told one by one; more are one finding."""


def findings(tree: Tree, report: Report, linter: str, judge: Callable[[Remark], Finding | None]) -> Iterator[Finding]:
    """One finding for each file and code, those that break a gate first; then what the linter did not get to, as CannotCheck.

    `judge` gives the finding for a remark that breaks a gate, and None for one that is advice.
    """
    grave: dict[tuple[str, str], list[Finding]] = {}
    light: dict[tuple[str, str], list[Remark]] = {}
    for remark in sorted(report.remarks, key=lambda r: (r.path, r.line, r.column, r.code)):
        if not 1 <= remark.line <= len(tree.lines(remark.path)):
            continue
        judged = judge(remark)
        if judged is None:
            light.setdefault((remark.path, remark.code), []).append(remark)
        else:
            grave.setdefault((remark.path, remark.code), []).append(judged)
    for same in _unsure_together(grave):
        best = min(same, key=lambda f: (f.confidence == "possible", f.at.line))
        also = tuple(dict.fromkeys(f.at for f in same if f.at != best.at))
        yield Finding(best.message, best.at, also[:FOLDED], best.impact, best.confidence, best.gate)
    often = sorted(light.items(), key=lambda item: (-len(item[1]), item[0]))
    for (path, code), remarks in often[:FOLDED]:
        places: list[Evidence] = list(dict.fromkeys(tree.evidence(path, r.line) for r in remarks))
        yield Finding(f"{linter} {code}: {remarks[0].text}", places[0], tuple(places[1 : FOLDED + 1]))
    if report.problem:
        raise CannotCheck(report.problem)


def _unsure_together(grave: Mapping[tuple[str, str], list[Finding]]) -> Iterator[list[Finding]]:
    """What is one finding: a code in a file; a code that is only possible, in all its files where they are many."""
    unsure: dict[str, list[list[Finding]]] = {}
    for (_, code), same in grave.items():
        if all(f.confidence == "possible" for f in same):
            unsure.setdefault(code, []).append(same)
        else:
            yield same
    for groups in unsure.values():
        yield from [[f for same in groups for f in same]] if len(groups) > MANY else groups
