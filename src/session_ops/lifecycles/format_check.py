"""Is a format's YAML a format? What is wrong is said with the place in it, before anything is read by it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from session_ops.lifecycles.columns import COLUMNS, KINDS
from session_ops.lifecycles.readers import READERS

Problem = tuple[tuple[Any, ...], str]
"""Where in the YAML, as keys and indexes, and what is wrong there."""

_PARTS: dict[str, type | tuple[type, ...]] = {
    "id": str, "extends": str, "title": str, "version": int, "role": str, "detect": dict, "reader": dict, "time": dict, "key": dict,
    "values": dict, "words": dict, "rules": list, "attrs": dict, "facts": dict, "samples": list, "mine": (str, list), "states": dict,
    "session_by": str, "local": (str, list), "header": dict,
}  # fmt: skip
_NEEDED = ("id", "title", "version", "role", "detect", "reader", "time", "rules")
_ROLES = ("log", "registry", "diary")
_RULE = ("emit", "use", "when", "absent", "at", "slot", "set")
_FACTS = ("logs_end", "ids_reused", "heartbeat_interval_s", "heartbeat_is", "append_only", "trailing_ok", "transitions")
_TIME = ("field", "required", "zone", "formats", "carry")
_DETECT = ("any_of", "weight", "needs", "globs", "unless")
_FIXED = (
    "event_id",
    "source_id",
    "format_id",
    "source_line",
    "source_offset",
    "source_ord",
    "ts_ns",
    "session_id",
    "kind",
    "attrs",
)
_BUILT_IN = ("session", "session_key", "time")
"""Names that conditions may use though no part of the format defines them."""
_NOT_RE2 = re.compile(r"\(\?[=!]|\(\?<[=!]|\\[1-9]|\(\?P=|\(\?>|[*+?}]\+|\(\?\(")
"""Look-around, back-references, atomic groups: patterns must mean the same in DuckDB, Python and Spark."""


def problem(data: Mapping[str, Any], known: frozenset[str] = frozenset()) -> Problem | None:
    """The first thing that is wrong with a format; None for a good one. `known` are the formats whose rules may be used."""
    return next(_problems(data, known), None)


def _problems(data: Mapping[str, Any], known: frozenset[str]) -> Iterator[Problem]:
    for name in _NEEDED:
        if name not in data:
            yield (), f"lacks {name!r}"
    yield from _names((), data, _PARTS)
    for name, value in data.items():
        if not isinstance(value, _PARTS[name]) or isinstance(value, bool):
            yield (name,), f"is {_kind(value)}, not {_kind_of(_PARTS[name])}"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", data["id"]):
        yield ("id",), "an id is lower case letters, digits and hyphens"
    if data["role"] not in _ROLES:
        yield ("role",), f"no role {data['role']!r}; known: {', '.join(_ROLES)}"
    if data.get("session_by", "source") not in ("source", "record"):
        yield ("session_by",), "the field of the session is chosen once per 'source', or for each 'record'"
    yield from _reader(data["reader"])
    yield from _time(data["time"])
    yield from _header(data.get("header"))
    yield from _aliases(data)
    yield from _detect(data)
    yield from _rules(data, known)
    yield from _names(("facts",), data.get("facts", {}), _FACTS)
    yield from _samples(data)


def _reader(reader: Mapping[str, Any]) -> Iterator[Problem]:
    kind = reader.get("kind")
    if kind not in READERS:
        yield ("reader", "kind"), f"no reader {kind!r}{_near(str(kind), READERS)}; known: {', '.join(sorted(READERS))}"
        return
    known = READERS[kind]
    for name in known.needs:
        if name not in reader:
            yield ("reader",), f"the reader {kind} needs {name!r}"
    yield from _names(("reader",), reader, ("kind", *known.needs, *known.takes))
    words = reader.get("words", {})
    texts: list[tuple[tuple[Any, ...], Any]] = [(("patterns", i), text) for i, text in enumerate(reader.get("patterns", ()))]
    texts += [(("then", n, i), t) for n, several in reader.get("then", {}).items() for i, t in enumerate(several)]
    texts += [(("drop", name), text) for name, text in reader.get("drop", {}).items()]
    for place, text in texts:
        yield from _pattern(("reader", *place), text, words if isinstance(words, Mapping) else {})


def _time(time: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _names(("time",), time, _TIME)
    if "field" not in time:
        yield ("time",), "lacks 'field': the names of the fields that hold the time"
    elif not _texts(time["field"]):
        yield ("time", "field"), "a name, or a list of names, is wanted"
    if not _texts(time.get("formats", [])):
        yield ("time", "formats"), "a shape as in strptime, or a list of them, is wanted"
    if "zone" in time and not re.fullmatch(r"[+-]\d{2}:?\d{2}|UTC|Z", str(time["zone"])):
        try:
            ZoneInfo(str(time["zone"]))
        except (KeyError, ValueError, OSError):
            yield ("time", "zone"), f"no zone {time['zone']!r}; give one like Europe/Berlin or +02:00"


def _header(header: Mapping[str, Any] | None) -> Iterator[Problem]:
    if header is None:
        return
    yield from _names(("header",), header, ("when", "fields"))
    for part in ("when", "fields"):
        given = header.get(part)
        if not isinstance(given, Mapping) or not given or not all(isinstance(value, str) for value in given.values()):
            yield ("header", part), "a mapping of a name to a text is wanted"
            return
    for name, text in header["when"].items():
        yield from _pattern(("header", "when", name), text, {})


def _aliases(data: Mapping[str, Any]) -> Iterator[Problem]:
    for part in ("key", "values", "attrs"):
        for name, value in data.get(part, {}).items():
            if not _texts(value):
                yield (part, name), "a name, or a list of names, is wanted"


def _detect(data: Mapping[str, Any]) -> Iterator[Problem]:
    detect = data["detect"]
    yield from _names(("detect",), detect, _DETECT)
    if not isinstance(detect.get("any_of"), list) or not all(_texts(names) and names for names in detect["any_of"]):
        yield ("detect", "any_of"), "a list of lists of names is wanted, each of them enough to know the format by"
    weight = detect.get("weight")
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 < weight <= 1:
        yield ("detect", "weight"), "a number above 0 and up to 1 is wanted"


def _rules(data: Mapping[str, Any], known: frozenset[str]) -> Iterator[Problem]:
    aliases = {*data.get("key", {}), *data.get("values", {}), *_BUILT_IN}
    for number, rule in enumerate(data["rules"]):
        place = ("rules", number)
        if not isinstance(rule, Mapping):
            yield place, f"a rule is a mapping, not {_kind(rule)}"
            return
        yield from _names(place, rule, _RULE)
        if ("emit" in rule) == ("use" in rule):
            yield place, "a rule has either 'emit' (a kind of event) or 'use' (the rules of another format)"
        if "emit" in rule and rule["emit"] not in KINDS:
            yield (*place, "emit"), f"no kind {rule['emit']!r}{_near(str(rule['emit']), KINDS)}; known: {', '.join(KINDS)}"
        if "use" in rule and rule["use"] not in known:
            yield (*place, "use"), f"no format {rule['use']!r}{_near(str(rule['use']), known)}"
        when = rule.get("when", {})
        if not isinstance(when, Mapping):
            yield (*place, "when"), "a mapping of a value's name to a pattern is wanted"
            return
        for name, text in when.items():
            if name not in aliases:
                yield (*place, "when", name), f"nothing is called {name!r} in key or values{_near(name, aliases)}"
            yield from _pattern((*place, "when", name), text, data.get("words", {}))
        for name in [rule.get("absent")] if isinstance(rule.get("absent"), str) else rule.get("absent") or ():
            if name not in aliases:
                yield (*place, "absent"), f"nothing is called {name!r} in key or values{_near(str(name), aliases)}"
        for name in rule.get("set", {}):
            if name not in COLUMNS or name in _FIXED:
                free = [column for column in COLUMNS if column not in _FIXED]
                yield (*place, "set", name), f"no column {name!r} that a rule may set{_near(str(name), free)}"


def _samples(data: Mapping[str, Any]) -> Iterator[Problem]:
    shown = {*COLUMNS, "ts", "line"}
    for number, sample in enumerate(data.get("samples", ())):
        place = ("samples", number)
        if not isinstance(sample, Mapping) or "name" not in sample or not isinstance(sample.get("rows"), list):
            yield place, "a sample has a name, its text (or sql), and the rows that are expected"
            return
        for index, row in enumerate(sample["rows"]):
            for name in row:
                if name not in shown:
                    yield (*place, "rows", index, name), f"no column {name!r}{_near(str(name), shown)}"


def _pattern(place: tuple[Any, ...], text: Any, words: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(text, str):
        yield place, f"a pattern is text, not {_kind(text)}; put it in quotes"
        return
    for name, body in words.items():
        text = text.replace("{" + name + "}", str(body))
    bare = re.sub(r"\[\^?\]?[^\]]*\]", "x", re.sub(r"\\[^1-9]", "x", text))
    if found := _NOT_RE2.search(bare):
        yield (
            place,
            f"{found[0]!r} is not in the common subset of regular expressions (RE2): no look-around, no back-references",
        )
        return
    try:
        re.compile(text)
    except re.error as error:
        yield place, f"not a regular expression: {error}"


def _names(place: tuple[Any, ...], data: Mapping[str, Any], known: Iterable[str]) -> Iterator[Problem]:
    names = list(known)
    for name in data:
        if name not in names:
            yield (*place, name), f"nothing is called {name!r} here{_near(str(name), names)}; known: {', '.join(names)}"


def _texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _kind(value: Any) -> str:
    return "nothing" if value is None else _kind_of(type(value))


def _kind_of(kind: type | tuple[type, ...]) -> str:
    names = {str: "text", int: "a whole number", dict: "a mapping", list: "a list", bool: "yes or no", float: "a number"}
    return " or ".join(names.get(one, one.__name__) for one in (kind if isinstance(kind, tuple) else (kind,)))
