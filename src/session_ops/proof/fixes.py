"""Collecting the fixes that rules offer, and making few of many: equal ones are one, and so are those that a person takes as one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from session_ops.model import Finding, Fix, NewFile, Safety
from session_ops.registry import Facts, Registry

LISTS = frozenset((".gitignore", ".dockerignore", ".npmignore", ".env.example", ".env.sample", ".env.template"))
"""Files that are lists of lines: two fixes that create the same one are united line by line."""

_MORE = re.compile(r"(?P<first>.*), and (?P<more>\d+) more such changes(?: in \S+)?")


def offered(registry: Registry, facts: Facts, findings: Iterable[Finding]) -> tuple[list[Fix], dict[str, str]]:
    """The fixes of all findings, and for each that could not be made its finding's id and the reason."""
    fixes: list[Fix] = []
    failed: dict[str, str] = {}
    for finding in findings:
        rule = registry.rules.get(finding.rule)
        if rule is None or rule.fix is None:
            continue
        try:
            fix = _call(rule.fix, finding, facts)
        except Exception as error:  # noqa: BLE001 - a rule's fix may raise anything; it costs only itself
            failed[finding.id] = f"the fix could not be made: {type(error).__name__}: {error}"
            continue
        if isinstance(fix, Fix):
            fixes.append(dataclasses.replace(fix, findings=fix.findings or (finding.id,)))
    return fixes, failed


def _call(make: object, finding: Finding, facts: Facts) -> object:
    import inspect

    assert callable(make)  # noqa: S101 - the registry holds nothing else
    _first, *needs = inspect.signature(make).parameters
    return make(finding, **facts.named(needs))


def united(fixes: Sequence[Fix], rule_of: dict[str, str]) -> list[Fix]:
    """Fewer fixes that do the same: equal ones, those that create the same file, and those of one rule that a person takes as one.

    One rule's fixes are taken together when they only set modes, or edit the same single file.
    """
    groups: dict[tuple[object, ...], list[Fix]] = {}
    for fix in fixes:
        groups.setdefault(_together(fix, rule_of), []).append(fix)
    return [_placed(merged(group)) for group in groups.values()]


def _together(fix: Fix, rule_of: dict[str, str]) -> tuple[object, ...]:
    rule = rule_of.get(fix.findings[0], "")
    if fix.moves or fix.deletes:
        return ("moves", fix.moves, fix.deletes, fix.edits)
    if fix.modes and not fix.edits and not fix.creates:
        return ("modes", rule)
    if fix.creates:
        return ("creates", tuple(sorted(new.path for new in fix.creates)))
    if len(fix.paths) == 1:
        return ("file", rule, fix.paths, fix.safety)
    return ("equal", fix.edits, fix.modes)


def merged(group: Sequence[Fix]) -> Fix:
    """One fix that does what all of the group do. Its title is the first one's, or says how many there are."""
    first = group[0]
    if len(group) == 1:
        return first
    edits = tuple(dict.fromkeys(edit for fix in group for edit in fix.edits))
    modes = tuple(dict.fromkeys(mode for fix in group for mode in fix.modes))
    safety: Safety = "review" if any(fix.safety == "review" for fix in group) else "safe"
    findings = tuple(dict.fromkeys(one for fix in group for one in fix.findings))
    why = " ".join(dict.fromkeys(fix.why for fix in group if fix.why))
    titles = list(dict.fromkeys(fix.title for fix in group))
    moves = tuple(dict.fromkeys(move for fix in group for move in fix.moves))
    deletes = tuple(dict.fromkeys(path for fix in group for path in fix.deletes))
    return dataclasses.replace(
        first, title=_title(titles), findings=findings, safety=safety, edits=edits, creates=_creates(group), modes=modes,
        moves=moves, deletes=deletes, why=why,
    )  # fmt: skip


def _title(titles: Sequence[str]) -> str:
    """One title for all; of fixes that were united before, what they count is counted on."""
    counted = [_MORE.fullmatch(title) for title in titles]
    more = len(titles) - 1 + sum(int(match["more"]) for match in counted if match)
    first = counted[0]["first"] if counted[0] else titles[0]
    if len(titles) == 1:
        return titles[0]
    if more == 1 and len(first) + len(titles[1]) < 100:
        return f"{first}; {titles[1][:1].lower()}{titles[1][1:]}"
    return f"{first}, and {more} more such changes"


def _placed(fix: Fix) -> Fix:
    """The fix with the file in its title, where it changes one and does not name it."""
    names = {fix.paths[0], fix.paths[0].rpartition("/")[2]} if len(fix.paths) == 1 else set()
    if not names or any(name in fix.title for name in names):
        return fix
    return dataclasses.replace(fix, title=f"{fix.title} in {fix.paths[0]}")


def _creates(group: Sequence[Fix]) -> tuple[NewFile, ...]:
    by_path: dict[str, NewFile] = {}
    for new in (new for fix in group for new in fix.creates):
        old = by_path.get(new.path)
        if old is None:
            by_path[new.path] = new
        elif new.path.rpartition("/")[2] in LISTS:
            lines = [
                *old.content.splitlines(),
                *(line for line in new.content.splitlines() if line not in old.content.splitlines()),
            ]
            by_path[new.path] = dataclasses.replace(old, content="\n".join(lines) + "\n")
    return tuple(by_path.values())


def slug(fix: Fix) -> str:
    """The name of a fix's patch: the rule of its first finding and its first file, at most 48 characters.

    Not the title: that quotes the target, and a file name that people have to type cannot be masked when the report is shared.
    """
    rules = [one.rpartition("-")[0] for one in fix.findings[:1]]
    files = [PurePosixPath(path).name for path in fix.paths[:1]]
    return re.sub(r"[^a-z0-9]+", "-", " ".join(rules + files).lower())[:48].strip("-") or "fix"
