"""Guesses which fields of an unknown structured log hold session, time, kind, actor, resource and state.

By the fields' names and by the shape of their values. A guess is never silent: it says its mapping and score, and the user confirms it.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.definition import Format, Rule
from session_ops.lifecycles.fields import plain, scalar
from session_ops.lifecycles.readers.pieces import FILE
from session_ops.model import UsageError
from session_ops.visible import one_line

GUESSED = ("ndjson", "json_concat", "json", "csv", "logfmt", "sqlite", "parquet")
"""Readers whose records have named fields, so that there is something to guess."""
ROLES = ("session", "time", "kind", "actor", "resource", "state")
LEAST_RECORDS = 3
USABLE = {"session": 0.55, "time": 0.6}
"""The least scores with which a log is read by a guess."""
_OPTIONAL = 0.4
_WEIGHTS = {"session": 0.5, "time": 0.35, "kind": 0.15}
_NAMES: dict[str, tuple[tuple[float, str], ...]] = {
    "session": (
        (1.0, "session sess sid"),
        (0.8, "run job execution exec trace correlation conversation thread workflow flow swarm chat dialog instance attempt"),
        (0.5, "task unit context ctx process build invocation uuid guid uid"),
        (0.2, "id key ref"),
    ),
    "time": (
        (1.0, "time timestamp ts date datetime when at stamp clock epoch"),
        (0.7, "created logged occurred recorded moment start started"),
    ),
    "kind": (
        (1.0, "event kind action type verb"),
        (0.7, "operation op activity hook command cmd step what msg message name method did"),
    ),
    "actor": (
        (1.0, "agent actor user owner who author worker by holder assignee principal"),
        (0.6, "host role node bot name client member login"),
    ),
    "resource": (
        (1.0, "lock resource file path issue target object item ticket"),
        (0.6, "key url uri repo branch document table"),
    ),
    "state": ((1.0, "state status phase stage"), (0.6, "outcome result")),
}
"""Words in names of fields, and how much each says of a role."""
_ID = re.compile(
    r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{7,64}|[0-9A-HJKMNP-TV-Z]{26}|[\w.@:/-]*\d[\w.@:/-]*", re.IGNORECASE
)
_SMALL = re.compile(r"-?\d{1,6}")
_WORD = re.compile(r"[A-Za-z][A-Za-z ._:/-]{0,39}")
_ID_WORDS = frozenset(("id", "key", "uuid", "guid", "uid", "ref", "no", "number", "hash"))
_DEPTH = 3


@dataclass(frozen=True)
class Guess:
    """Which field plays which role, how sure that is (0 to 1), and what else could have been the session."""

    mapping: dict[str, str]
    scores: dict[str, float]
    others: tuple[tuple[str, float], ...] = ()

    @property
    def score(self) -> float:
        """How sure the whole mapping is."""
        return round(sum(weight * self.scores.get(role, 0.0) for role, weight in _WEIGHTS.items()), 3)

    @property
    def usable(self) -> bool:
        """Is it good enough to read the log by, with the warning that it is a guess?"""
        return all(self.scores.get(role, 0.0) >= least for role, least in USABLE.items())

    @property
    def text(self) -> str:
        """The mapping as the parameter log_mapping takes it."""
        return one_line(",".join(f"{role}={self.mapping[role]}" for role in ROLES if role in self.mapping), 300)


@dataclass(frozen=True)
class _Field:
    """What is known of one field of the sample."""

    name: str
    values: tuple[str, ...]
    records: int
    parsed: float
    rising: float

    @property
    def coverage(self) -> float:
        return len(self.values) / self.records

    @property
    def distinct(self) -> int:
        return len(set(self.values))

    def share(self, pattern: re.Pattern[str]) -> float:
        return sum(pattern.fullmatch(value) is not None for value in self.values) / len(self.values)

    def named(self, role: str) -> float:
        """How much the name says of a role; its last word counts most."""
        words = plain(self.name.rsplit(".", 1)[-1]).split("_")
        known = _known(role)
        if role == "session" and len(words) > 1 and words[-1] in _ID_WORDS:
            return max(known.get(word, 0.0) for word in words)
        # the last word is what a field is, those before say of what: session_count is a count
        return known.get(words[-1], 0.0)


@cache
def _known(role: str) -> dict[str, float]:
    return {word: score for score, several in _NAMES[role] for word in several.split()}


def guess(records: list[dict[str, Any]]) -> Guess:
    """The best mapping of fields to roles in a sample of records, in their order. Each field plays one role."""
    found = _fields(records) if len(records) >= LEAST_RECORDS else []
    mapping: dict[str, str] = {}
    scores: dict[str, float] = {}
    others: list[tuple[str, float]] = []
    for role, judge in _JUDGES.items():
        ranked = sorted(
            ((judge(one), one.name) for one in found if one.name not in mapping.values()), key=lambda r: (-r[0], r[1])
        )
        if not ranked:
            continue
        (score, name), *rest = ranked
        if score >= USABLE.get(role, _OPTIONAL) * (0.5 if role in USABLE else 1):
            mapping[role], scores[role] = name, round(score, 3)
        if role == "session":
            others = [(name, round(score, 3)) for score, name in rest[:3] if score >= _OPTIONAL]
    return Guess(mapping, scores, tuple(others))


def _time(one: _Field) -> float:
    if one.coverage < 0.9 or one.parsed < 0.9:
        return 0.0
    return 0.45 * one.parsed + 0.35 * one.named("time") + 0.2 * one.rising


def _session(one: _Field) -> float:
    """Ids that come again: one for each record is a record's own id, a few plain words are kinds or states."""
    if one.parsed > 0.5 or not one.values:
        return 0.0
    each = len(one.values) / one.distinct
    again = 0.0 if each < 1.5 else min(1.0, 0.4 + each / 10)
    if one.distinct == 1:
        again = 0.5 if one.named("session") >= 0.8 else 0.0
    if not again:
        return 0.0
    # numbers of threads and processes come again as well; ids of sessions are seldom small numbers
    if one.share(_SMALL) > 0.5:
        return one.coverage * (0.33 * one.named("session") + 0.2 * again)
    return one.coverage * (0.55 * one.named("session") + 0.25 * one.share(_ID) + 0.2 * again)


def _kind(one: _Field) -> float:
    if one.distinct > max(20, len(one.values) // 4) or one.share(_WORD) < 0.8:
        return 0.0
    known = sum(_says_something(value) * count for value, count in Counter(one.values).items()) / len(one.values)
    return one.coverage * (0.5 * one.named("kind") + 0.3 * (known > 0) + 0.2 * min(1.0, 0.5 + known))


def _few_words(role: str) -> Callable[[_Field], float]:
    def judge(one: _Field) -> float:
        if one.parsed > 0.5 or one.distinct > max(10, len(one.values) // 2):
            return 0.0
        return min(1.0, 0.5 + one.coverage) * one.named(role)

    return judge


def _resource(one: _Field) -> float:
    return one.named("resource") * 0.9 if one.parsed < 0.5 else 0.0


def _says_something(value: str) -> bool:
    """Is it a word that the rules for events know: a start, an end, a heartbeat, a lock?"""
    word = plain(value)
    return any(
        rule.emit != "session.activity" and any(name == "kind" and pattern.search(word) for name, pattern in rule.when)
        for rule in _event_rules().rules
    )


_JUDGES: dict[str, Callable[[_Field], float]] = {
    "time": _time,
    "session": _session,
    "kind": _kind,
    "state": _few_words("state"),
    "resource": _resource,
    "actor": _few_words("actor"),
}
"""In the order in which roles take their fields."""


def _fields(records: list[dict[str, Any]]) -> list[_Field]:
    values: dict[str, list[Any]] = {}
    for data in records:
        for name, value in _flat("", data, _DEPTH):
            values.setdefault(name, []).append(value)
    found = []
    for name, several in values.items():
        texts = [text for value in several if (text := scalar(value)) is not None]
        if not texts or name.startswith("$") or all(isinstance(value, bool) for value in several):
            continue
        instants = [instant.ns for value in several if (instant := times.parse(value)) is not None]
        rising = sum(a <= b for a, b in itertools.pairwise(instants)) / max(1, len(instants) - 1)
        found.append(_Field(name, tuple(texts), len(records), len(instants) / len(texts), rising))
    return found


def _flat(prefix: str, data: dict[str, Any], depth: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in data.items():
        if isinstance(value, dict) and depth > 1:
            found += _flat(f"{prefix}{name}.", value, depth - 1)
        elif value is not None and not isinstance(value, list | dict):
            found.append((f"{prefix}{name}", value))
    return found


@cache
def _event_rules() -> Format:
    from session_ops.lifecycles.library import formats

    return next(form for form in formats() if form.id == "ndjson")


def format_from(mapping: Mapping[str, str], reader: Mapping[str, Any]) -> Format:
    """A format whose fields a guess found, or the user named; its rules are those of plain events."""
    base = _event_rules()
    renamed = {"actor": "agent"}
    mapped = {renamed.get(role, role): (name,) for role, name in mapping.items()}
    kept = {name: base.aliases[name] for name in ("host", "pid", "reason", "message", "workspace", "branch", "severity")}
    unused = {name: tuple(n for n in names if n not in mapping.values()) for name, names in kept.items()}
    return replace(
        base,
        id="guessed",
        title="A structured log whose fields were guessed, or named by the user",
        reader=dict(reader),
        aliases=unused | mapped,
        rules=_of_sessions(base.rules),
        detect={"any_of": [["session", "time"]], "weight": 1.0},
        samples=(),
    )


def format_by_file(form: Format) -> Format:
    """The same format for logs of which each file is one session and its name says which."""
    needs = tuple(name for name in form.needs if name != "session")
    return replace(form, aliases=dict(form.aliases) | {"session": (FILE,)}, needs=needs, rules=_of_sessions(form.rules))


def _of_sessions(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules for records whose field of the session is not called by a name that says more."""
    found = []
    for rule in rules:
        about = [pattern for name, pattern in rule.when if name == "session_key"]
        if all(pattern.search("session") for pattern in about):
            found.append(replace(rule, when=tuple((name, p) for name, p in rule.when if name != "session_key")))
    return tuple(found)


def mapping_of(text: str) -> dict[str, str]:
    """The parameter log_mapping (`session=run,time=when,kind=what`) as role to field.

    Raises:
        UsageError: it is not of this form, names an unknown role, or lacks session or time; `session=$file` needs no time.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        role, equals, name = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise UsageError(f"log_mapping: {one_line(part)!r} is not of the form role=field; roles: {', '.join(ROLES)}")
        if role not in ROLES:
            near = difflib.get_close_matches(role, ROLES, 1)
            meant = f"did you mean {near[0]}?" if near else f"roles: {', '.join(ROLES)}"
            raise UsageError(f"log_mapping: no role {one_line(role)!r}; {meant}")
        if role in found:
            raise UsageError(f"log_mapping: {role} is named twice")
        found[role] = name
    if found and not {"session", "time"} <= found.keys() and found != {"session": FILE}:
        raise UsageError(
            "log_mapping: name at least the fields of session and time, as in session=run,time=when; session=$file alone where each file is"
            " a session"
        )
    return found
