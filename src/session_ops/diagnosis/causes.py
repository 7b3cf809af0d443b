"""Root causes: findings that go back to the same thing, ranked by the gates that it opens.

Each criterion is a short function that takes what is left of the findings and yields groups. Nothing is tried here, so no cause is
more than likely.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath

from session_ops.diagnosis.gates import breaks
from session_ops.diagnosis.phase import Cause
from session_ops.discovery.history import History
from session_ops.discovery.references import References
from session_ops.model import Confidence, Finding, Gate, Severity

MANIFESTS = frozenset(
    (
        "package.json",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements.txt",
        "Cargo.toml",
        "go.mod",
        "Gemfile",
        "plugin.json",
    )
)
HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)([\w.-]+)|(?<![\w/])/root(?=/)")
NAMED = 3
"""How many things a sentence names before it counts the rest."""


@dataclass(frozen=True)
class Known:
    """What the criteria look things up in: files that are there, references, history, titles of rules."""

    references: References
    history: History
    paths: frozenset[str]
    titles: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _missing(self) -> dict[tuple[str, int], list[str]]:
        found: dict[tuple[str, int], list[str]] = {}
        for reference in self.references:
            if reference.verdict == "missing" and reference.target:
                found.setdefault((reference.source, reference.line), []).append(reference.target)
        return found

    def missing(self, finding: Finding) -> tuple[str, ...]:
        """The paths that are not there and that a finding is about: an absence itself, or what its places name."""
        if not finding.at.line and not finding.at.sha256:
            return (finding.at.path,)
        if finding.category not in ("dangling-ref", "deploy-config", "entry-point", "package", "docs-contradiction"):
            return ()
        if named := finding.data.get("target") or finding.data.get("missing"):
            found = [named]
        elif finding.category == "dangling-ref":
            found = [path for at in (finding.at, *finding.also) for path in self._missing.get((at.path, at.line), ())]
        else:  # what else its line names is another matter
            found = self._missing.get((finding.at.path, finding.at.line), [])
            found = [path for path in found if PurePosixPath(path).name in finding.message]
        return tuple(dict.fromkeys(path for path in found if path not in self.paths))

    def removed(self, path: str) -> tuple[str, str]:
        """The removed path that is meant (an import leaves the ending out), and the commit; both empty where git knows of none."""
        for suffix in ("", ".js", ".ts", ".py", ".sh", "/index.js", "/__init__.py"):
            if oid := self.history.removed.get(path + suffix):
                return path + suffix, oid
        below = {oid for gone, oid in self.history.removed.items() if path and gone.startswith(path + "/")}
        return (path, below.pop()) if len(below) == 1 else ("", "")

    def commit(self, path: str) -> str:
        """The commit that removed a path, or all that was below it; empty where git knows of none."""
        return self.removed(path)[1]

    def of(self, finding: Finding) -> tuple[str, tuple[str, ...]]:
        """The commit that removed what a finding is about, and those paths; the first commit, where there are several."""
        found = [self.removed(path) for path in self.missing(finding)]
        oid = next((oid for _, oid in found if oid), "")
        return oid, tuple(dict.fromkeys(path for path, by in found if oid and by == oid))

    def subject(self, oid: str) -> str:
        """What the commit says of itself, with its day, where it removed a deployment file."""
        attempt = next((a for a in self.history.attempts if a.commit == oid), None)
        return f"{attempt.date[:10]}, {attempt.subject!r}" if attempt else ""


@dataclass(frozen=True)
class Group:
    """Findings of one cause. `key` tells groups apart; `things` are the missing paths that it is about."""

    key: tuple[str, ...]
    title: str
    why: str
    basis: str
    findings: tuple[Finding, ...]
    confidence: Confidence = "likely"
    things: tuple[str, ...] = ()


Criterion = Callable[[Sequence[Finding], Known], Iterator[Group]]


def same_commit(findings: Sequence[Finding], known: Known) -> Iterator[Group]:
    """One commit removed what they need."""
    for oid, group in _by(findings, lambda f: known.of(f)[0]):
        things = tuple(sorted({path for f in group for path in known.of(f)[1]}))
        users = _users(group)
        need = f"which {_need(users, 'still ')}" if users else "and nothing replaced it"
        subject = known.subject(oid)
        why = f"{_list(things)} went with this commit{f' ({subject})' if subject else ''}; {_needed(group)}."
        title = f"Commit {oid[:7]} removed {_list(_folded(things, known))}, {need}"
        yield Group(("commit", oid), title, why, "the same commit removed what they need", group, things=things)


def absent_manifest(findings: Sequence[Finding], _known: Known) -> Iterator[Group]:
    """There is no manifest, so that nothing declares what they use."""
    absent = [f for f in findings if f.category == "package" and PurePosixPath(f.at.path).name in MANIFESTS and not f.at.sha256]
    if not absent:
        return
    used = [f for f in findings if f.category == "dependency" and f not in absent]
    names = tuple(dict.fromkeys(f.at.path for f in absent))
    title = f"There is no {_list(names)}: nothing declares what has to be installed"
    yield Group(
        ("manifest", names[0]), title, absent[0].impact or _needed(tuple(absent)), "the same absent manifest", (*absent, *used),
        things=names,
    )  # fmt: skip


def wrong_base(findings: Sequence[Finding], _known: Known) -> Iterator[Group]:
    """One variable leads to the wrong folder, and all that is found from it misses."""
    for key, group in _by(findings, lambda f: "\0".join((f.at.path, f.data["base"])) if f.data.get("base") else ""):
        path, base = key.split("\0")
        places = sum(1 + len(f.also) for f in group)
        if places > 1:
            title = f"{base} in {path} leads to the wrong folder, and {places} places look from there"
            yield Group(("base", path, base), title, _needed(group), "the same wrong base", group)


def same_missing(findings: Sequence[Finding], known: Known) -> Iterator[Group]:
    """The same file or folder is missing."""
    left = list(findings)
    for folder, group in _by(left, lambda f: next((g for p in known.missing(f) if (g := _gone_folder(p, known))), "")):
        if len(group) > 1:
            left = [f for f in left if f not in group]
            yield _missing(f"the folder {folder}", folder, group)
    for path, group in _by(left, lambda f: next(iter(known.missing(f)), "")):
        if len(group) > 1:
            yield _missing(path, path, group)


def _missing(name: str, path: str, group: tuple[Finding, ...]) -> Group:
    users = _users(group)
    start = name if name == path else name[0].upper() + name[1:]
    title = f"{start} is not there, and {_need(users)} it"
    return Group(("missing", path), title, f"{_needed(group)}.", "the same missing file or folder", group, things=(path,))


def hard_coded_home(findings: Sequence[Finding], _known: Known) -> Iterator[Group]:
    """The home folder of one person is written into them."""

    def home(finding: Finding) -> str:
        match = HOME.search(finding.at.quote) if finding.category in ("portability", "deploy-config", "config") else None
        return match[0] if match else ""

    for name, group in _by(findings, home):
        files = sorted({f.at.path for f in group})
        title = f"The home folder {name} of one person is written into {_list(files)}"
        yield Group(("home", name), title, f"{_needed(group)}.", "the same hard-coded home", group)


def never_written(findings: Sequence[Finding], _known: Known) -> Iterator[Group]:
    """Parts of a package that nobody wrote."""
    group = tuple(f for f in findings if f.category == "gap" and not f.at.sha256)
    if len(group) > 1:
        names = _list(tuple(dict.fromkeys(f.at.path for f in group)), 6)
        title = f"Parts that a package needs were never written: {names}"
        yield Group(("gap",), title, f"{_needed(group)}.", "the same kind of gap", group, "possible")


def same_kind(findings: Sequence[Finding], known: Known) -> Iterator[Group]:
    """The same rule finds them: one habit, several places."""
    for rule, group in _by(findings, lambda f: f.rule):
        if len(group) == 1:
            one = group[0]
            confidence: Confidence = "possible" if one.confidence == "possible" else "likely"
            yield Group(("one", one.id), one.message.rstrip("."), one.impact, "one finding", group, confidence)
        else:
            title = f"{known.titles.get(rule, rule).rstrip('.')}: {_count(len(group), 'time')}{f' in {users}' if (users := _list(_users(group))) else ''}"
            yield Group(
                ("rule", rule), title, group[0].impact or f"{_needed(group)}.", "the same kind of mistake", group, "possible"
            )


CRITERIA: tuple[Criterion, ...] = (
    same_commit, absent_manifest, wrong_base, same_missing, hard_coded_home, never_written, same_kind,
)  # fmt: skip
"""In this order; a finding belongs to the first that takes it."""


def causes(findings: Sequence[Finding], known: Known) -> tuple[Cause, ...]:
    """Causes of all findings but advice, those first on which most gates hang."""
    left = [f for f in findings if f.severity is not Severity.ADVICE]
    groups: list[Group] = []
    for criterion in CRITERIA:
        found = list(criterion(left, known))
        groups += found
        taken = {f.id for group in found for f in group.findings}
        left = [f for f in left if f.id not in taken]
    whole = _explained(groups)
    shutting = Counter(gate for group in whole for gate in gates_of(group.findings))
    ranked = sorted(whole, key=lambda group: _rank(group, shutting))
    return tuple(
        Cause(f"C{n}", g.title, g.why, g.basis, tuple(f.id for f in g.findings), gates_of(g.findings), g.confidence)
        for n, g in enumerate(ranked, start=1)
    )


def _explained(groups: Sequence[Group]) -> list[Group]:
    """Groups without those that another explains: dependencies belong to the commit that removed the manifest that declared them."""
    commits = [g for g in groups if g.key[0] == "commit"]
    home = next((g for g in commits if any(PurePosixPath(p).name in MANIFESTS for p in g.things)), None)
    if home is None:
        return list(groups)
    undeclared = [f for g in groups if g is not home and g.key[0] != "commit" for f in g.findings if f.category == "dependency"]
    if not undeclared:
        return list(groups)
    kept = [replace(g, findings=tuple(f for f in g.findings if f not in undeclared)) if g is not home else g for g in groups]
    whole = replace(home, findings=(*home.findings, *undeclared))
    return [whole if g is home else g for g in kept if g.findings]


def gates_of(findings: Iterable[Finding]) -> tuple[Gate, ...]:
    """The gates that these findings keep shut, in the order of deployment."""
    shut = {f.gate for f in findings if breaks(f)}
    return tuple(gate for gate in Gate if gate in shut)


def _rank(group: Group, shutting: Mapping[Gate, int]) -> tuple[int, int, int, bool, int, int, str]:
    """First what opens most gates by itself, then what most gates wait for, then what a deployment meets first, then what is seen most.

    `shutting` counts the causes that keep each gate shut. A habit (one rule, many places) comes after a thing.
    """
    gates = [gate for gate in gates_of(group.findings) if gate is not Gate.FOLLOW]
    alone = sum(shutting[gate] == 1 for gate in gates)
    first = list(Gate).index(gates[0]) if gates else len(Gate)
    critical = sum(f.severity is Severity.CRITICAL for f in group.findings)
    return -alone, -len(gates), first, group.key[0] in ("rule", "gap"), -critical, -len(group.findings), group.title


def _by(findings: Iterable[Finding], key: Callable[[Finding], str]) -> list[tuple[str, tuple[Finding, ...]]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if name := key(finding):
            groups.setdefault(name, []).append(finding)
    return [(name, tuple(group)) for name, group in groups.items()]


def _gone_folder(path: str, known: Known) -> str:
    """The topmost folder of a missing path that is not there itself; empty where only the file is missing."""
    parents = [str(p) for p in PurePosixPath(path).parents if str(p) not in (".", "/", "..")]
    gone = [parent for parent in parents if parent not in known.paths]
    return gone[-1] if gone else ""


def _folded(things: Sequence[str], known: Known) -> tuple[str, ...]:
    """Missing paths with those of one vanished folder told as the folder; manifests first."""
    folders = {path: _gone_folder(path, known) for path in things}
    count = {folder: list(folders.values()).count(folder) for folder in folders.values()}
    told = dict.fromkeys(folder if folder and count[folder] > 1 else path for path, folder in folders.items())
    return tuple(sorted(told, key=lambda p: (PurePosixPath(p).name not in MANIFESTS, p)))


def _users(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Files that findings speak of; what is absent is none of them."""
    places = [at for f in findings for at in (f.at, *f.also) if at.sha256]
    return tuple(dict.fromkeys(at.path for at in places))


def _need(users: Sequence[str], word: str = "") -> str:
    """Who needs it: the file itself where it is one."""
    return f"{users[0]} {word}needs" if len(users) == 1 else f"{len(users)} files {word}need"


def _needed(findings: Sequence[Finding]) -> str:
    places = list(dict.fromkeys(f.at.place for f in findings))
    return f"seen at {_list(places)}"


def _list(items: Sequence[str], named: int = NAMED) -> str:
    """A, b and c; or a, b and 5 more."""
    if len(items) <= named:
        return " and ".join(filter(None, (", ".join(items[:-1]), items[-1] if items else "")))
    return f"{', '.join(items[: named - 1])} and {len(items) - named + 1} more"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
