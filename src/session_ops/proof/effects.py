"""What a series of fixes does to the findings: which are gone after each, and which appeared.

The rules are read again once for the whole series. Only where that shows something that no fix claims is the fix looked for
that did it, by halving the series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from session_ops.discovery.files import Tree
from session_ops.model import Finding, Outcome
from session_ops.proof.patches import Files
from session_ops.proof.series import Link
from session_ops.proof.trial import Trial
from session_ops.registry import Checked

LARGE = 3_000
"""Files from which on the rules are read again once only, and what no fix claims is laid to none."""


Stood = Callable[[str, str], bool]
"""Is this (stripped) line in this file as it is without any fix?"""


@dataclass(frozen=True)
class Change:
    """Ids of findings that are gone, and findings that are new."""

    gone: frozenset[str]
    new: tuple[Finding, ...]


@dataclass
class Effect:
    """What one fix did."""

    removed: list[str] = field(default_factory=list)
    appeared: list[Finding] = field(default_factory=list)


def compare(before: Checked, after: Checked, paths: Iterable[str] = (), stood: Stood = lambda _path, _line: False) -> Change:
    """Findings that are gone and new, `paths` being the files that were changed.

    One whose line was changed for another's sake is neither: rule, path and message tell that it is the same. What a rule did not
    look at again is not gone, and what it could not look at before is not new, nor what it now says of files that nobody changed
    because there is something to look at for the first time; nor what it says of a line that `stood` there before.
    """
    outcome = {result.rule: result.outcome for result in after.results}
    was = {result.rule: result.outcome for result in before.results}
    same = {f.fingerprint for f in before.findings} & {f.fingerprint for f in after.findings}
    old = [f for f in before.findings if f.fingerprint not in same]
    new = [f for f in after.findings if f.fingerprint not in same]
    for finding in list(new):
        twin = next((f for f in old if _same(f, finding)), None)
        if twin is not None:
            old.remove(twin)
            new.remove(finding)
    lost = (Outcome.OPEN, Outcome.BLOCKED)
    touched = set(paths)
    told = {
        (f.rule, at.path, at.quote) for f in before.findings for at in (f.at, *f.also)
    }  # places that were counted, not shown
    fresh = [f for f in new if was.get(f.rule) not in lost and (f.rule, f.at.path, f.at.quote) not in told]
    return Change(
        frozenset(f.id for f in old if outcome.get(f.rule) not in lost),
        tuple(
            f
            for f in fresh
            if was.get(f.rule) is not Outcome.NOT_APPLICABLE or (f.at.path in touched and not stood(f.at.path, f.at.quote))
        ),
    )


def _same(one: Finding, other: Finding) -> bool:
    """The same thing on a changed line, or the same absence, told in other words."""
    if (one.rule, one.at.path) != (other.rule, other.at.path):
        return False
    return one.message == other.message or one.at.line == other.at.line == 0


def effects(links: Sequence[Link], before: Checked, trial: Trial, files: int) -> list[Effect]:
    """The effect of each fix of the series, in order."""
    if not links:
        return []
    known: dict[int, Change] = {0: Change(frozenset(), ())}

    def after(count: int) -> Change:
        if count not in known:
            known[count] = compare(before, trial.check(links[count - 1].after), links[count - 1].after, trial.stood)
        return known[count]

    found = [Effect() for _ in links]
    last = after(len(links))
    claimed: set[str] = set()
    for link, effect in zip(links, found, strict=True):
        effect.removed = [one for one in link.fix.findings if one in last.gone]
        claimed.update(effect.removed)
    if files < LARGE:
        for one in sorted(last.gone - claimed):
            found[_first(len(links), lambda n, one=one: one in after(n).gone) - 1].removed.append(one)  # type: ignore[misc]
        for finding in last.new:
            key = (finding.rule, finding.at.path, finding.message)
            first = _first(len(links), lambda n, key=key: key in {(f.rule, f.at.path, f.message) for f in after(n).new})  # type: ignore[misc]
            found[first - 1].appeared.append(finding)
    elif last.new:
        touched = [set(link.fix.paths) for link in links]
        for finding in last.new:
            first = next((n for n, paths in enumerate(touched) if finding.at.path in paths), len(links) - 1)
            found[first].appeared.append(finding)
    return found


def _first(count: int, holds: Callable[[int], bool]) -> int:
    """The smallest n from 1 to count for which it holds, where it holds for count and for all after the first."""
    low, high = 1, count
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def as_changed(tree: Tree, view: Tree, after: Files) -> tuple[Tree, dict[str, tuple[bytes, bool] | None]]:
    """What `prove` needs to run a target with some files changed: the tree as it reads then, in the original's place, and those files."""
    place = Tree(tree.root, tree.git, view.entries, {path: view.text(path) for path in view.entries})
    files = {path: (state.data, state.executable) if state is not None else None for path, state in after.items()}
    return place, files
