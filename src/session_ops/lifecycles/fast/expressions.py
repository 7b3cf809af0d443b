"""SQL that turns JSON values into the texts and times that the Mapper makes of them, for DuckDB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from session_ops.lifecycles.fields import TEXT_LIMIT
from session_ops.lifecycles.times import EARLIEST, LATEST, SECOND

SPACES = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python's str.strip removes."""
PLAIN = f"strlen(json) <= {TEXT_LIMIT} AND strlen(json) = length(json) AND NOT contains(json, chr(92))"
"""Is a line short and ASCII, and without a backslash, so that no text in it can hold a control character?"""
_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?"
_USUAL = "____-__-__T__:__:__.___Z"
_SECONDS = r"\d{9,10}\.\d{1,9}"


_BLANKS = "".join(f"\\x{{{ord(c):x}}}" for c in SPACES)
_ODD = (
    r",\s*[}\]]",  # a comma too many
    r"[:,\[]\s*-?(?:nan|inf|NAN|INF|NaN|Inf)",  # words for numbers that are none
    rf'"\s*:\s*"["{_BLANKS}]',  # texts that are empty or begin with a blank
    rf'[{_BLANKS}]"\s*[,}}]',  # texts that end with one
    r'\\[^"\\]',  # escapes that may be blanks or control characters
)
"""What only odd lines have: see `odd`."""


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def odd(names: Iterable[str]) -> str:
    """May a text in the column `json` not be what json_transform gives, for `fields.scalar`, its length apart? In doubt it may.

    That is so where it has blanks at its ends or may have, or is an object or a list at one of these names; and where DuckDB takes
    for JSON what Python does not. One look at a line is quicker than one at each of its texts.
    """
    known = "|".join(re.escape(json.dumps(name, ensure_ascii=False)) for name in sorted(names))
    pattern = "|".join([*_ODD, rf"(?:{known})\s*:\s*[\[{{]"])
    return f"regexp_matches(json, {literal(pattern)})"


def scalar(text: str, path: str) -> str:
    """What `fields.scalar` makes of a value of the column `json`, at a JSON path; `text` is what json_transform made of it.

    Most texts are as they should be: short, ASCII, no blanks at the ends. Only of the others the value itself is looked at again: it may
    be a list or an object, or need to be cut. `plain` (see PLAIN) says that of the whole line. (DuckDB writes numbers as Python does,
    exponents too.)
    """
    value = f"json_extract(json, {literal(path)})"
    cut = f"trim(left({value} ->> '$', {TEXT_LIMIT}), {literal(SPACES)})"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN {text} >= '!' AND ascii({text}) NOT IN (91, 123) AND NOT ends_with({text}, ' ') "
        f"AND (plain OR (strlen({text}) <= {TEXT_LIMIT} AND strlen({text}) = length({text}) AND right({text}, 1) >= '!' "
        f"AND NOT contains({text}, chr(0)))) THEN {text} "
        f"WHEN ascii({value}) IN (91, 123) THEN NULL ELSE nullif(replace({cut}, chr(0), '\\x00'), '') END"
    )


def instant(text: str) -> str:
    """The time in a text as a struct of `ns`, `res` and `zoned`, or NULL where it is not one of the common shapes.

    Those are ISO 8601 with up to nine decimals, and numbers of seconds, milliseconds, microseconds or nanoseconds since 1970; a number
    of 12 or 14 digits may be a compact date, so it is none of them.
    """
    zone = (
        f"CASE WHEN ends_with({text}, 'Z') THEN 1 WHEN substr({text}, -3, 1) = ':' AND substr({text}, -6, 1) IN ('+', '-') THEN 6 "
        f"WHEN substr({text}, -5, 1) IN ('+', '-') THEN 5 ELSE 0 END"
    )
    civil = f"epoch_ns(TRY_CAST(left({text}, strlen({text}) - {zone}) AS TIMESTAMP_NS))"
    digits = f"replace(right({text}, {zone} - 1), ':', '')"
    minutes = f"(CAST(left({digits}, 2) AS BIGINT) * 60 + CAST(right({digits}, 2) AS BIGINT))"
    shift = f"CASE WHEN {zone} < 5 THEN 0 WHEN substr({text}, -({zone}), 1) = '+' THEN {minutes} ELSE -{minutes} END"
    decimals = f"greatest(strlen({text}) - {zone} - 20, 0)"
    resolutions = "[" + ", ".join(str(10 ** (9 - n)) for n in range(10)) + "]"
    iso = f"{{'ns': {civil} - ({shift}) * {60 * SECOND}, 'res': {resolutions}[{decimals} + 1], 'zoned': {zone} > 0}}"
    whole = " ".join(
        f"WHEN strlen({text}) IN ({lengths}) THEN {{'ns': TRY_CAST({text} AS BIGINT) * {unit}, 'res': {unit}, 'zoned': TRUE}}"
        for lengths, unit in (("9, 10", SECOND), ("13", SECOND // 1000), ("15, 16", 1000), ("18, 19", 1))
    )
    rounded = f"CAST(round_even(CAST({text} AS DOUBLE) * {SECOND} / 1000, 0) AS BIGINT) * 1000"
    seconds = f"{{'ns': {rounded}, 'res': {SECOND // 1000}, 'zoned': TRUE}}"
    usual = f"{{'ns': epoch_us(TRY_CAST({text} AS TIMESTAMP)) * 1000, 'res': {SECOND // 1000}, 'zoned': TRUE}}"
    return (
        f"CASE WHEN {text} LIKE '{_USUAL}' AND NOT contains({text}, ' ') THEN {usual} "  # twice as fast
        f"WHEN regexp_full_match({text}, '{_ISO}') THEN {iso} "
        f"WHEN regexp_full_match({text}, '\\d{{9,19}}') THEN CASE {whole} END "
        f"WHEN regexp_full_match({text}, '{_SECONDS}') THEN {seconds} END"
    )


def in_range(ns: str) -> str:
    """True for a time that a tracker can have."""
    return f"{ns} BETWEEN {EARLIEST} AND {LATEST}"


def whole(text: str) -> str:
    """The whole number in a text, as `fields.whole` gives it."""
    return f"CASE WHEN regexp_full_match({text}, '-?\\d{{1,18}}') THEN CAST({text} AS BIGINT) END"


def pattern(path: str) -> str:
    """A path that DuckDB takes as one file, not as a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)
