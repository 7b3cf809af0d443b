"""Lines of text that regular expressions with named groups take apart: syslog, logger output, exports, histories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.readers.pieces import Piece, Record, Reject, reject, text_lines
from session_ops.lifecycles.reckoning import Partial, Reckoning, partial

Pattern = re.Pattern[str]
_SHAPE_LENGTH = 5
_COMMENTS = ("#", "//", ";", "--", "==")
"""How lines above the first record begin that are headings or comments, not torn records."""
_TAIL = re.compile(r"[\s\"'(\[{=]$")


@lru_cache(64)
def compiled(
    texts: tuple[str, ...], words: tuple[tuple[str, str], ...] = (), *, ignore_case: bool = True
) -> tuple[Pattern, ...]:
    """Patterns, their `{words}` filled in."""
    for name, body in words:
        texts = tuple(text.replace("{" + name + "}", body) for text in texts)
    return tuple(re.compile(text, re.IGNORECASE if ignore_case else 0) for text in texts)


def patterns_of(options: Mapping[str, Any]) -> tuple[Pattern, ...]:
    """The reader's patterns, in their order."""
    words = tuple((name, str(body)) for name, body in options.get("words", {}).items())
    return compiled(tuple(options["patterns"]), words, ignore_case=bool(options.get("ignore_case", True)))


def text_patterns(path: Path, options: Mapping[str, Any]) -> Iterator[Piece]:
    """A record per line that one of `patterns` matches, tried in order; its named groups are the fields; a group
    `zone` belongs to the group `time`.

    A line that none matches continues the record before it (a stack trace), unless it begins as records here do: then it is torn.
    A line in whose middle another record begins is welded. A time without year or day is completed (reckoning.py). The option `then`
    takes fields apart again: `{field: patterns}`; `drop` discards fields whose value matches a pattern (`{field: pattern}`).
    """
    patterns = patterns_of(options)
    then = [
        (name, compiled(tuple(texts), tuple(options.get("words", {}).items())))
        for name, texts in options.get("then", {}).items()
    ]
    drop = [(name, re.compile(text, re.IGNORECASE)) for name, text in options.get("drop", {}).items()]
    reckoning: Reckoning | None = None
    shapes: set[str] = set()
    records = 0
    for item in text_lines(path):
        if isinstance(item, Reject):
            yield item
            continue
        number, offset, text = item
        found = first_match(patterns, text)
        if found is None:
            if shape(text) in shapes or not (records or text.startswith(_COMMENTS)):
                yield reject(number, offset, "torn", text.encode("utf-8", "surrogatepass"))
            continue
        records += 1
        if len(shapes) < 16:
            shapes.add(shape(text))
        fields = {name: value.strip() for name, value in found.groupdict().items() if value and value.strip()}
        if _welded(text, fields.get("time", ""), patterns):
            yield reject(number, offset, "welded", text.encode("utf-8", "surrogatepass"))
            continue
        if zone := fields.pop("zone", ""):
            fields["time"] = fields.get("time", "") + zone
        raw = fields.get("time", "")
        if raw and times.parse(raw) is None and (time := partial(raw)):
            if reckoning is None:
                reckoning = Reckoning(_partials(path, patterns), path.stat().st_mtime, options.get("year"))
            fields["time"], fields["$quality"] = reckoning.complete(time)
        for name, again in then:
            if name in fields and (more := first_match(again, fields[name])):
                fields |= {key: value.strip() for key, value in more.groupdict().items() if value and value.strip()}
        for name, pattern in drop:
            if name in fields and pattern.search(fields[name]):
                del fields[name]
        yield Record(number, offset, fields)


def first_match(patterns: tuple[Pattern, ...], text: str) -> re.Match[str] | None:
    """The match of the first pattern that matches."""
    return next((found for pattern in patterns if (found := pattern.match(text))), None)


def shape(text: str) -> str:
    """How a line begins, letter for letter and digit for digit: `[2026` and `[1999` have one shape."""
    return "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text[:_SHAPE_LENGTH])


def _welded(text: str, time: str, patterns: tuple[Pattern, ...]) -> bool:
    """Does another record begin inside this line? Only right after other text: a quoted or bracketed time is part of a message."""
    if len(time) < 8:
        return False
    begin = text.find(time)
    again = _time_shape(time.translate(_DIGITS))
    for found in again.finditer(text, begin + len(time)):
        at = found.start()
        lead = text[:begin]
        if lead and not text.endswith(lead, 0, at) and len(lead) <= 2:
            continue
        at -= len(lead) if len(lead) <= 2 else 0
        if at > begin + len(time) and not _TAIL.search(text[:at]) and first_match(patterns, text[at:]):
            return True
    return False


_DIGITS = {ord(digit): "9" for digit in "012345678"}


@lru_cache(4096)
def _time_shape(time: str) -> Pattern:
    return re.compile("".join(r"\d" if c == "9" else r"[A-Za-z]" if c.isalpha() else re.escape(c) for c in time))


def _partials(path: Path, patterns: tuple[Pattern, ...]) -> Iterator[Partial]:
    for item in text_lines(path):
        if not isinstance(item, Reject) and (found := first_match(patterns, item[2])):
            time = partial(found.groupdict().get("time") or "")
            if time is not None:
                yield time
