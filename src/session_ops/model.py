"""The words of session-ops as frozen dataclasses, JSON in and out.

Every document of a case is built from these. They are plain data: nothing here reads a target or decides anything but how
severe a finding is, which follows from the gate it breaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeVar

import msgspec


class UsageError(Exception):
    """Input that cannot be used. The message is one line: what, where, what to do. The command line ends with 2."""


class Gate(StrEnum):
    """A step of real deployment that either works or does not, in the order in which a deployment meets them."""

    PARSE = "parse"
    METADATA = "metadata"
    BUILD = "build"
    CONTENTS = "contents"
    INSTALL = "install"
    START = "start"
    RELOCATE = "relocate"
    SHIP = "ship"
    COORDINATE = "coordinate"
    GUARD = "guard"
    FOLLOW = "follow"


GATE_HOLDS_WHEN: dict[Gate, str] = {
    Gate.PARSE: "every manifest, config file and script parses",
    Gate.METADATA: "the manifest is valid by its ecosystem's standard, names what exists, declares what is used",
    Gate.BUILD: "the package builds, or the bundle assembles",
    Gate.CONTENTS: "what is built holds all it needs, and no secret or junk",
    Gate.INSTALL: "it installs into a clean environment with only what it declares",
    Gate.START: "its entry points start headless, and their exit status tells the truth",
    Gate.RELOCATE: "it works for another user, folder and declared OS",
    Gate.SHIP: "container, compose, CI, service and plugin files are valid and what they name exists",
    Gate.COORDINATE: "two sessions at once neither lose, steal nor corrupt state; a crash is recoverable",
    Gate.GUARD: "nobody but the declared users can read its secrets, steer it or inject commands",
    Gate.FOLLOW: "someone who follows the docs arrives",
}


class Outcome(StrEnum):
    """What became of a rule. `open` means it could not run, and is never green."""

    FAIL = "fail"
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOT_APPLICABLE = "not_applicable"
    BLOCKED = "blocked"
    OPEN = "open"


class Severity(StrEnum):
    """What a finding costs: a gate, a step of the docs, or only taste."""

    CRITICAL = "critical"
    GAP = "gap"
    ADVICE = "advice"

    @property
    def sarif_level(self) -> Literal["error", "warning", "note"]:
        """The SARIF 2.1.0 level that stands for this severity."""
        levels: dict[Severity, Literal["error", "warning", "note"]] = {
            Severity.CRITICAL: "error",
            Severity.GAP: "warning",
            Severity.ADVICE: "note",
        }
        return levels[self]


Category = Literal[
    "package", "dependency", "entry-point", "deploy-config", "config", "dangling-ref", "docs-contradiction", "gitignore",
    "gap", "shell", "interactive", "portability", "error-handling", "state", "lock", "heartbeat", "liveness", "cleanup",
    "ipc", "security",
]  # fmt: skip
Confidence = Literal["proven", "likely", "possible"]
Source = Literal["static", "log", "probe"]
Safety = Literal["safe", "review"]


@dataclass(frozen=True, order=True)
class Evidence:
    """Where a statement rests: lines of a file as they were read.

    `path` is POSIX and relative to the target; `line` and `end` count from 1, 0 stands for "the file as a whole" (or its absence);
    `quote` is the stripped text of `line`; `sha256` is of the whole file, empty where the file is absent.
    """

    path: str
    line: int = 0
    end: int = 0
    quote: str = ""
    sha256: str = ""
    source: Source = "static"

    @property
    def place(self) -> str:
        """`path:line`, or the bare path for a whole file."""
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    A rule gives `message`, `at` and what it knows besides; the registry fills in the rest and refuses a finding whose evidence
    does not hold when it is read again. `data` carries what the rule's own fix needs, as strings.
    """

    message: str
    at: Evidence
    also: tuple[Evidence, ...] = ()
    impact: str = ""
    confidence: Confidence = "likely"
    gate: Gate | None = None
    data: dict[str, str] = field(default_factory=dict)
    # filled in by the registry
    rule: str = ""
    category: Category = "config"
    id: str = ""
    fingerprint: str = ""

    @property
    def severity(self) -> Severity:
        """Critical where a gate other than `follow` breaks and we are at least fairly sure; design.md section 4."""
        if self.gate is None:
            return Severity.GAP if self.category in ("gap", "security") else Severity.ADVICE
        if self.gate is Gate.FOLLOW or self.confidence == "possible":
            return Severity.GAP
        return Severity.CRITICAL

    def _repr_html_(self) -> str:
        from session_ops import show

        return show.findings([self], opened=1).html


@dataclass(frozen=True)
class RuleResult:
    """What one rule had to say: its outcome, the reason where it did not run, and its findings' ids."""

    rule: str
    outcome: Outcome
    title: str = ""
    gate: Gate | None = None
    category: Category = "config"
    reason: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edit:
    """Replace `old`, which must occur exactly once in the file (or within `line` when given), by `new`."""

    path: str
    old: str
    new: str
    line: int = 0


@dataclass(frozen=True)
class NewFile:
    """A file to create; it must not exist yet."""

    path: str
    content: str
    executable: bool = False


@dataclass(frozen=True)
class ModeChange:
    """Set or clear the x bits of a file."""

    path: str
    executable: bool = True


@dataclass(frozen=True)
class Move:
    """A file gets another path. What names it is changed by edits of the same fix, whose paths are those from before the move."""

    path: str
    to: str


@dataclass(frozen=True)
class Fix:
    """Exact changes that remove findings. `safe` may be applied unread, `review` wants a person's eye."""

    title: str
    findings: tuple[str, ...]
    safety: Safety
    edits: tuple[Edit, ...] = ()
    creates: tuple[NewFile, ...] = ()
    modes: tuple[ModeChange, ...] = ()
    moves: tuple[Move, ...] = ()
    deletes: tuple[str, ...] = ()
    why: str = ""
    id: str = ""
    patch: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that the fix touches, sorted; of a move both."""
        changed = {edit.path for edit in self.edits} | {new.path for new in self.creates} | {mode.path for mode in self.modes}
        moved = {path for move in self.moves for path in (move.path, move.to)}
        return tuple(sorted(changed | moved | set(self.deletes)))

    def _repr_html_(self) -> str:
        from session_ops import show

        return show.fixes([self], opened=1).html


Ended = Literal["", "timeout", "memory", "processes", "disk", "refused"]


@dataclass(frozen=True)
class CommandRun:
    """One command of a gate, as it was run in a copy of the target.

    `code` is its exit status (128 + n where signal n ended it), None where it did not run. `tail` holds the last lines of its output, with
    `$COPY` and `$HOME` for the places of the sandbox. `ended` names the limit that ended it; `refused` stands for a step that could not be
    done and that the gate cannot do without. `skipped` says why it was left out or refused. `wrong` says what makes it a failure, and is
    empty where nothing does. `seconds` is 0 in a stored document: what varies is kept in case.json.
    """

    gate: Gate
    command: str
    code: int | None = None
    tail: tuple[str, ...] = ()
    ended: Ended = ""
    skipped: str = ""
    wrong: str = ""
    seconds: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    """Where a probe saw what is wrong: the state (source `probe`, a name with placeholders), the place of the command."""

    @property
    def good(self) -> bool:
        """It ran, and nothing was wrong with it."""
        return not self.skipped and not self.wrong and not self.ended


@dataclass(frozen=True)
class GateResult:
    """Whether a gate holds, as far as it was looked at.

    `outcome` is `pass` only when at least one rule of the gate ran and none failed; what could not run makes it `open`.
    `findings` are the ids that break it. `how` says what was done: rules read, or commands run; `runs` are these commands.
    """

    gate: Gate
    outcome: Outcome
    findings: tuple[str, ...] = ()
    how: str = ""
    reason: str = ""
    runs: tuple[CommandRun, ...] = ()

    @property
    def rest(self) -> str:
        """What is left before the gate holds, in a few words; empty where it holds or does not apply."""
        if self.outcome not in (Outcome.FAIL, Outcome.OPEN):
            return ""
        count = len(self.findings)
        named = ", ".join(self.findings[:3]) + (f" and {count - 3} more" if count > 3 else "")
        sure = f"{count} finding{'' if count == 1 else 's'} without a fix that was kept: {named}" if count else ""
        return "; ".join(filter(None, (sure, self.reason)))

    def _repr_html_(self) -> str:
        from session_ops import show

        return show.gates([self]).html


IMPORTERS = re.compile(r"\b(?:programs?|imports?|imported|developers?|librar(?:y|ies)|api|modules?)\b", re.IGNORECASE)
CLIENTS = re.compile(r"\b(?:network|http|clients?|browsers?|web|remote|other machines)\b", re.IGNORECASE)
"""Words for those who use it, as people answer: programs that import it, and clients that call it from elsewhere."""


@dataclass(frozen=True)
class Answers:
    """What the user told us; `unknown` and the empty string are inferred and listed as assumptions."""

    environment: Literal["local", "docker", "systemd", "cloud", "unknown"] = "unknown"
    consumers: str = ""
    preserve_data: Literal["yes", "no", "unknown"] = "unknown"
    access_control: str = ""
    shape: Literal["library", "service", "bundle", "unknown"] = "unknown"
    probe_start: str = ""
    probe_beat: str = ""
    probe_lock: str = ""
    probe_end: str = ""

    @property
    def wanted_shape(self) -> Literal["library", "service", "bundle", "unknown"]:
        """The shape as answered; where only the consumers were, the one that they need: what programs import is a library, what clients call a service."""
        if self.shape != "unknown" or bool(IMPORTERS.search(self.consumers)) is bool(CLIENTS.search(self.consumers)):
            return self.shape
        return "library" if IMPORTERS.search(self.consumers) else "service"


def to_json(value: Any) -> bytes:
    """Encode a document with sorted keys and two spaces, so that equal input gives equal bytes."""
    return msgspec.json.format(encoded(value), indent=2) + b"\n"


def encoded(value: Any) -> bytes:
    """Encode a document in one line. Bytes of file names that are no UTF-8 become visible escapes, as JSON cannot hold them."""
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        return msgspec.json.encode(_printable(msgspec.to_builtins(value)), order="sorted")


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_printable(k): _printable(v) for k, v in value.items()}
    return [_printable(v) for v in value] if isinstance(value, list | tuple) else value


T = TypeVar("T")


def from_json(data: bytes, kind: type[T], where: str) -> T:
    """Decode and validate a document.

    Raises:
        UsageError: the text is not JSON or does not fit the schema; says where.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: {error}; delete the file or run the phase again") from None
