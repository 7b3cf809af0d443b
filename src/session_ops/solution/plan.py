"""The plan: what to do in which order, with which patch or by hand, and how to see that it worked."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from types import MappingProxyType

from session_ops.diagnosis.causes import Known
from session_ops.diagnosis.phase import Cause
from session_ops.discovery.languages import language_of, shebang
from session_ops.model import Finding, Fix, Gate, Severity
from session_ops.solution.phase import PlanStep

ORDER: tuple[Gate | None, ...] = (
    Gate.PARSE, Gate.METADATA, Gate.BUILD, Gate.INSTALL, Gate.START, Gate.RELOCATE, Gate.SHIP, Gate.COORDINATE, Gate.GUARD,
    Gate.CONTENTS, Gate.FOLLOW, None,
)  # fmt: skip
"""The order of work: what must parse comes first, what is kept out of a package and what is only written down comes last."""

BY_HAND: dict[str, str] = {
    "dangling-ref": "Write the missing file, or point the place at the one that is meant, or take it out",
    "dependency": "Declare it in the manifest, in the group that installs it where it is used",
    "package": "Write or mend the manifest",
    "entry-point": "Make the entry point name what exists, and start it once from another folder",
    "deploy-config": "Change the deployment file so that all it names is there at that moment",
    "config": "Take the value from a variable or an option and give it a default that works",
    "docs-contradiction": "Decide which of the two is right and change the other",
    "gitignore": "Add the path to .gitignore; where git tracks it already, also `git rm --cached` it",
    "gap": "Add what is missing",
    "shell": "Mend the script at this place",
    "interactive": "Take the answer from an option or a variable, and ask only where a terminal is there ([ -t 0 ])",
    "portability": "Use a form that works on every system and for every user that is named",
    "error-handling": "Stop with a message and a status other than 0 where this fails",
    "state": "Write the file aside and rename it, and keep it out of git",
    "lock": "Take the lock in one step (mkdir, or open with O_EXCL), note its owner, and release it in a trap",
    "heartbeat": "Write the time of the last sign of life from inside the work, not beside it",
    "liveness": "Judge by the process and its last sign of life, not by age alone",
    "cleanup": "Remove what the session made in a trap on EXIT",
    "ipc": "Agree on one writer, and write whole messages in one step",
    "security": "Close this way first, then change every secret that may have been seen",
}
"""What to do about a finding without a fix whose rule does not say it, by its category."""
PLACES_SHOWN = 5
IMPACTS_SHOWN = 3
AGAIN = "session-ops check ."
SHARED = frozenset(
    (
        "the same commit removed what they need",
        "the same absent manifest",
        "the same wrong base",
        "the same missing file or folder",
    )
)
"""Bases of causes that one act of a person removes."""
PATHS_NAMED = 12
"""Paths that one command names; more would not be read."""


def steps(
    fixes: Sequence[Fix],
    by_hand: Sequence[Finding],
    findings: Mapping[str, Finding],
    texts: Callable[[str], str],
    known: Known,
    causes: Sequence[Cause],
    remedies: Mapping[str, str] = MappingProxyType({}),
) -> tuple[PlanStep, ...]:
    """The steps in the order of deployment; at the same gate what a patch does comes before what a person has to do.

    What one cause explains is one step. `texts` gives the text of a file as it is after all fixes; `remedies` what a person does, by rule.
    """
    made: list[tuple[tuple[int, int, int], PlanStep]] = []
    for fix in fixes:
        concerned = [findings[one] for one in fix.findings if one in findings]
        how = f"git apply {shlex.quote(fix.patch)}" + ("" if fix.safety == "safe" else " (read it first)")
        how += f": {fix.why}" if fix.why else ""
        ran = tuple(mode.path for mode in fix.modes if mode.executable)
        seen = _ignored(concerned) or check_of(fix.paths, texts, ran)
        made.append((rank(fix.findings, findings), PlanStep(0, fix.title, how, fix.id, fix.findings, _gates(concerned), seen)))
    for cause, group in _groups(by_hand, causes):
        place, hand, size = rank([finding.id for finding in group], findings)
        made.append(((place, hand + 1, size), _by_hand(cause, group, texts, known, remedies)))
    ordered = [step for _, step in sorted(made, key=lambda pair: pair[0])]
    return tuple(replace(step, number=number) for number, step in enumerate(ordered, start=1))


def _groups(by_hand: Iterable[Finding], causes: Sequence[Cause]) -> list[tuple[Cause | None, list[Finding]]]:
    """Findings under their causes; at most one category in a step, because each is mended in its own way."""
    cause_of = {one: cause for cause in causes for one in cause.findings}
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in by_hand:
        cause = cause_of.get(finding.id)
        whole = cause is not None and cause.basis in SHARED
        groups.setdefault((cause.id, "" if whole else finding.category) if cause else (finding.rule, ""), []).append(finding)
    return [(cause_of.get(group[0].id), group) for group in groups.values()]


def _by_hand(
    cause: Cause | None, group: Sequence[Finding], texts: Callable[[str], str], known: Known, remedies: Mapping[str, str]
) -> PlanStep:
    ids = tuple(finding.id for finding in group)
    paths = [f.at.path for f in group]
    gone = [known.of(finding) for finding in group]
    commits = {oid for oid, _ in gone}
    if len(commits) == 1 and (oid := gone[0][0]):
        removed = tuple(dict.fromkeys(path for _, names in gone for path in names))
        title, how, paths = _restore_title(oid, group), _restore_how(oid, removed, group), list(removed)
    else:
        title, how = _hand_title(group, cause), _hand_how(group, remedies)
    return PlanStep(0, title, how, "", ids, _gates(group), _ignored(group) or check_of(paths, texts))


def _ignored(findings: Sequence[Finding]) -> str:
    """The command that shows that git ignores what is to be ignored; empty where that is not the matter."""
    if not findings or any(finding.category != "gitignore" for finding in findings):
        return ""
    words = " ".join(_word(path) for path in dict.fromkeys(f.at.path for f in findings))
    return f"git check-ignore --no-index -v {words} && {AGAIN}"


def rank(ids: Iterable[str], findings: Mapping[str, Finding]) -> tuple[int, int, int]:
    """Where a change that concerns these findings belongs: the earliest gate, then what is critical, then what removes most."""
    concerned = [findings[one] for one in ids if one in findings]
    critical = [f for f in concerned if f.severity is Severity.CRITICAL]
    places = [ORDER.index(f.gate) for f in critical or concerned] or [len(ORDER)]
    return min(places), 0 if critical else 2, -len(concerned)


def _gates(findings: Iterable[Finding]) -> tuple[Gate, ...]:
    named = {finding.gate for finding in findings}
    return tuple(gate for gate in Gate if gate in named)


def _hand_title(group: Sequence[Finding], cause: Cause | None) -> str:
    first = group[0].message.rstrip(".")
    if len(group) == 1:
        return f"By hand: {first}"
    if cause is not None and set(cause.findings) == {finding.id for finding in group}:
        return f"By hand: {cause.title}"
    return f"By hand, {len(group)} places: {first}"


def _hand_how(group: Sequence[Finding], remedies: Mapping[str, str]) -> str:
    """What to do, where, and what the finding itself says of it."""
    advice = remedies.get(group[0].rule) or BY_HAND.get(group[0].category, "Mend it at this place")
    shown = [f"{f.at.place}: {f.message.rstrip('.')}" for f in group[:PLACES_SHOWN]]
    if more := group[PLACES_SHOWN:]:
        shown.append(f"and {len(more)} more: {', '.join(f.id for f in more)}")
    said = list(dict.fromkeys(f.impact.rstrip(".") for f in group if f.impact))
    return ". ".join([advice, "; ".join(shown), *said[:IMPACTS_SHOWN]])


def _restore_title(oid: str, group: Sequence[Finding]) -> str:
    places = f"{len(group)} place{'' if len(group) == 1 else 's'}"
    return f"By hand: bring back what commit {oid[:7]} removed, or take out what still needs it ({places})"


def _restore_how(oid: str, gone: Sequence[str], group: Sequence[Finding]) -> str:
    names = " ".join(_word(path) for path in gone[:PATHS_NAMED])
    more = f" (and {len(gone) - PATHS_NAMED} more that the findings name)" if len(gone) > PATHS_NAMED else ""
    places = ", ".join(f.at.place for f in group[:PLACES_SHOWN])
    others = f" and {len(group) - PLACES_SHOWN} more" if len(group) > PLACES_SHOWN else ""
    return f"To bring it back: git restore --source={oid[:10]}^ -- {names}{more}. To do without it, change {places}{others}"


def check_of(paths: Iterable[str], texts: Callable[[str], str], ran: Sequence[str] = ()) -> str:
    """A command that a person can run in the target to see that a step worked. It always ends with reading the rules again.

    Parameters: `paths` are the files that the step is about, `ran` those of them that were made executable.
    """
    commands = [f"test -x {_word(path)}" for path in sorted(ran)]
    for path in dict.fromkeys(paths):
        text = texts(path)
        if not text and path not in ran:
            commands.append(f"test -e {_word(path)}")
        elif path not in ran and (command := _reader(path, text)):
            commands.append(command)
    commands = list(dict.fromkeys(commands))[:PLACES_SHOWN]
    return " && ".join([*commands, AGAIN])


def _reader(path: str, text: str) -> str:
    """A command that reads a file without running it, by its language; empty where there is none that everybody has."""
    name, word = PurePosixPath(path).name.lower(), _word(path)
    language = language_of(path, text)
    if name == "package.json":
        return f"npm pack --dry-run --ignore-scripts {shlex.quote('./' + path[: -len('package.json')])}"
    if language == "shell":
        interpreter = shebang(text)[1]
        return f"{'sh' if interpreter in ('sh', 'dash', 'ash') else 'bash'} -n {word}"
    if language == "dockerfile":
        return f"docker build --check -f {word} ."
    if language == "yaml" and "compose" in name:
        return f"docker compose -f {word} config -q"
    if language == "makefile":
        return f"make -n -f {word}"
    readers = {
        "python": "python3 -m py_compile", "javascript": "node --check", "json": "python3 -m json.tool", "ruby": "ruby -c",
        "systemd": "systemd-analyze verify", "zsh": "zsh -n", "perl": "perl -c",
    }  # fmt: skip
    return f"{readers[language]} {word}" + (" > /dev/null" if language == "json" else "") if language in readers else ""


def _word(path: str) -> str:
    return shlex.quote("./" + path if path.startswith("-") else path)
