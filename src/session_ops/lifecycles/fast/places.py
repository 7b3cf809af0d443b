"""The query by which a line becomes texts and times: where in a record each value is, and what is made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from session_ops.lifecycles.definition import Format
from session_ops.lifecycles.fast import expressions as sql
from session_ops.lifecycles.fields import TEXT_LIMIT

NUMBERS = ("pid", "writer_seq")
"""Values that are whole numbers in every event: they are made so once, not for each question."""
_LONGEST_TIME = 66
"""Bytes of a time with its quotes; `times.parse` takes no longer one."""


class NotClean(Exception):
    """The fast lane cannot read a file as the Mapper would; the message says why, for whoever looks into it."""


@dataclass(frozen=True)
class Place:
    """Where a value is: the names that lead to it."""

    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The value as json_transform gives it; with the field below which it is as a text, a struct has no place for it."""
        return "v." + ".".join(map(sql.quoted, self.names))

    def scalar(self, texts: set[str]) -> str:
        """What the Mapper makes of it; `texts` are fields that are looked at as texts too, so that nothing below them has a column."""
        path = "$" + "".join(f'."{name}"' for name in self.names)
        if len(self.names) > 1 and self.names[0] in texts:
            below = f"json_extract_string(json, {sql.literal(path)})"
            return f"CASE WHEN ascii({Place(self.names[:1]).text}) = 123 THEN {sql.scalar(below, path)} END"
        return sql.scalar(self.text, path)


def candidates(names: tuple[str, ...], keys: dict[str, None]) -> dict[str, Place]:
    """Where each name is that records can have. A field with a dot in its name counts first."""
    found = {}
    for name in names:
        first, *rest = name.split(".")
        if name in keys:
            if rest and first in keys:
                raise NotClean(f"{name} and {first} are both fields")
            found[name] = Place((name,))
        elif rest and first in keys:
            found[name] = Place((first, *rest))
    return found


def wanted(form: Format, keys: dict[str, None]) -> dict[str, dict[str, Place]]:
    """The values that the Mapper looks at, with their candidates, where there are any."""
    named = {name: names for name, names in form.aliases.items() if name not in ("time", "session")}
    named |= {f"attrs.{name}": names for name, names in form.attrs.items()}
    return {name: found for name, names in named.items() if (found := candidates(names, keys))}


@dataclass(frozen=True)
class Columns:
    """What the columns of a stage are made of."""

    wanted: dict[str, dict[str, Place]]
    times: dict[str, Place]
    sessions: dict[str, Place]
    key: str

    @property
    def places(self) -> list[Place]:
        """Every place that is looked at, once."""
        named = [
            *self.times.values(),
            *self.sessions.values(),
            *(place for found in self.wanted.values() for place in found.values()),
        ]
        return list(dict.fromkeys(named))

    @property
    def tops(self) -> set[str]:
        """Fields that are looked at as texts themselves."""
        return {place.names[0] for place in self.places if len(place.names) == 1}

    @property
    def odd_text(self) -> str:
        """Has a line anything for which its texts have to be looked at one by one, beside their lengths?"""
        return sql.odd({place.names[-1] for place in self.places})

    @property
    def odd(self) -> str:
        """Has it anything at all?"""
        long = " OR ".join(["FALSE", *(f"strlen({place.text}) > {TEXT_LIMIT}" for place in self._plain)])
        # AND would look at the texts of all lines, CASE looks at those of the long ones
        overlong = f"CASE WHEN strlen(json) > {TEXT_LIMIT} THEN coalesce({long}, FALSE) ELSE FALSE END"
        return f"({self.odd_text} OR {overlong})"

    @property
    def _plain(self) -> list[Place]:
        """The places that have a text of their own in what json_transform gives."""
        return [place for place in self.places if len(place.names) == 1 or place.names[0] not in self.tops]

    def select(self, source: str, more: dict[str, str], *, careful: bool) -> str:
        """The query that gives the columns of the lines of a source, whose column `json` has the line; `more` are other columns from it.

        Careful, it looks at each text by itself; else it takes each line for one that is not odd.
        """
        at = {place: f"$value{n}" for n, place in enumerate(self.places)}

        def text(place: Place) -> str:
            return place.scalar(self.tops) if careful else place.text if place in self._plain else "CAST(NULL AS VARCHAR)"

        def first(found: dict[str, Place]) -> str:
            return _first([sql.quoted(at[place]) for place in found.values()])

        scalars = ", ".join(f"{text(place)} AS {sql.quoted(at[place])}" for place in self.places)
        named = {name: _session(name, sql.quoted(at[place])) for name, place in self.sessions.items()}
        by = " ".join(f"WHEN {text} IS NOT NULL THEN {sql.literal(name)}" for name, text in named.items())
        columns = [
            f'{first(self.times)} AS "$raw"', f'{_first(list(named.values()))} AS "$session"',
            f'{f"CASE {by} END" if by else "CAST(NULL AS VARCHAR)"} AS "$by"',
            *(f"{first(found)} AS {sql.quoted(name)}" for name, found in self.wanted.items()),
        ]  # fmt: skip
        longest = " OR ".join(["FALSE", *(f"strlen({place.text}) > {_LONGEST_TIME}" for place in self.times.values())])
        moments = {"$raw": "$at"} | {name: f"$at.{name}" for name in ("observed", "expires") if name in self.wanted}
        instants = ", ".join(f"{sql.instant(sql.quoted(text))} AS {sql.quoted(moment)}" for text, moment in moments.items())
        unknown = " OR ".join(_unknown(sql.quoted(text), sql.quoted(moment)) for text, moment in moments.items())
        numbers = "".join(f", {sql.whole(sql.quoted(name))} AS {sql.quoted(name)}" for name in NUMBERS if name in self.wanted)
        return (
            f'SELECT * REPLACE ("$doubt" OR {unknown} AS "$doubt"{numbers}), {self.key} AS "$key" FROM (SELECT *, {instants} FROM ('  # noqa: S608
            f'SELECT {", ".join(map(sql.quoted, more))}, {", ".join(columns)}, "$doubt" FROM ('
            f'SELECT {", ".join(f"{what} AS {sql.quoted(name)}" for name, what in more.items())}, {scalars}, coalesce({longest}, FALSE) AS "$doubt" '
            f"FROM (SELECT *, {sql.PLAIN} AS plain, json_transform(json, {sql.literal(_structure(self.places, self.tops))}) AS v "
            f"FROM {source}))))"
        )


def _structure(every: list[Place], tops: set[str]) -> str:
    """What json_transform is to give: texts, below each other where nothing above is a text."""
    structure: dict[str, Any] = dict.fromkeys(sorted(tops), "VARCHAR")
    for place in every:
        here = structure
        if place.names[0] not in tops:
            for name in place.names[:-1]:
                here = here.setdefault(name, {})
            here[place.names[-1]] = "VARCHAR"
    return json.dumps(structure)


def _first(texts: list[str]) -> str:
    return f"coalesce({', '.join(texts)})" if len(texts) > 1 else next(iter(texts), "CAST(NULL AS VARCHAR)")


def _session(name: str, text: str) -> str:
    """What `fields.session_at` says."""
    return f"CASE WHEN NOT regexp_full_match({text}, '\\d+') THEN {text} END" if name.lower().startswith("thread") else text


def _unknown(text: str, at: str) -> str:
    """Is there a text, but no time that this lane reads?"""
    return f"({text} IS NOT NULL AND ({at}.ns IS NULL OR NOT {sql.in_range(f'{at}.ns')}))"
