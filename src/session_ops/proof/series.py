"""Fixes as a series of patches: each applies to the target as it is, and all of them apply one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from session_ops.discovery.files import Tree
from session_ops.model import Fix
from session_ops.proof.fixes import merged
from session_ops.proof.patches import Refused, State, applied, original, patch
from session_ops.proof.trial import Trial


@dataclass(frozen=True)
class Link:
    """One fix of the series: its patch against the target as it is, and all changed files as they are after it and those before."""

    fix: Fix
    patch: bytes
    after: dict[str, State | None]


@dataclass
class Series:
    """The fixes that fit together, in order, and why the others do not. `unchecked` says why git had no word in it."""

    links: list[Link] = field(default_factory=list)
    refused: list[tuple[Fix, str]] = field(default_factory=list)
    unchecked: str = ""


def series(fixes: Sequence[Fix], tree: Tree, trial: Trial) -> Series:
    """Patches for as many of the fixes as fit together. Two whose changes lie too close for separate patches become one fix."""
    made = Series()
    alone: list[tuple[Fix, bytes]] = []
    originals: dict[str, State | None] = {}
    for fix in fixes:
        try:
            states = applied(fix, tree, {})
            before = {path: original(tree, path) for path in states}
            alone.append((fix, patch(before, states, tree.prefix, fix.moves)))
            originals |= before
        except Refused as reason:
            made.refused.append((fix, str(reason)))
    trial.lay_out(originals)
    fitting = []
    for fix, text in alone:
        said = trial.taken(text)
        if said == "git is absent":
            made.unchecked = said
        elif said:
            made.refused.append((fix, f"git does not take the patch: {said}"))
            continue
        fitting.append((fix, text))
    done: list[Fix] = []
    state: dict[str, State | None] = {}
    for index, (fix, text) in enumerate(fitting):
        near = next((one for one in reversed(done) if set(one.paths) & set(fix.paths)), None)
        try:
            state = state | _together([*done, fix], tree, fix.paths)
        except Refused as reason:
            made.refused.append((fix, f"it does not go together with {near.title if near else 'the others'!r}: {reason}"))
            continue
        changed = {path: state[path] for path in fix.paths if path in state}
        if not made.unchecked and trial.apply(text, changed):
            if near is None:
                made.refused.append((fix, "git does not take the patch after the others"))
                continue
            one = merged([near, fix])
            rest = [one if d is near else d for d in done] + [f for f, _ in fitting[index + 1 :]]
            again = series(rest, tree, trial)
            again.refused = made.refused + again.refused
            return again
        done.append(fix)
        made.links.append(Link(fix, text, dict(state)))
    return made


def _together(fixes: Sequence[Fix], tree: Tree, paths: Sequence[str]) -> dict[str, State | None]:
    """Some files after all of these fixes at once, counted from the target as it is, so that line numbers hold."""
    concerned = [fix for fix in fixes if set(fix.paths) & set(paths)]
    if len(concerned) == 1:
        return applied(concerned[0], tree, {})
    after = applied(merged(concerned), tree, {})
    return {path: after[path] for path in after if path in paths}
