"""What a format is: a data file that says how a tracker log becomes events (lifecycles.md 5.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from session_ops.lifecycles import messages, times
from session_ops.lifecycles.carry import Header, headed, timed
from session_ops.lifecycles.fields import field as value_at
from session_ops.lifecycles.fields import scalar, session_at
from session_ops.lifecycles.readers import READERS, Piece, Record, own_name
from session_ops.lifecycles.readers.pieces import FILE


@dataclass(frozen=True)
class Rule:
    """An ordered emit rule. In each slot the first rule whose conditions all hold gives one event."""

    emit: str
    when: tuple[tuple[str, re.Pattern[str]], ...]
    absent: tuple[str, ...]
    at: tuple[str, ...]
    slot: str
    set: Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """A log format. `aliases` are names for lists of candidate fields; the first that a record has counts.

    `globs` are what its files are called (empty: anything), in lower case. Records with one of the fields `unless` are none of its.
    `needs` are aliases that at least one of the first records must have: a log without any session key is not read. `mine` are
    fields whose text is searched for sessions, locks and `key=value` pairs. `states` translates the tracker's words for states.
    `zone` is the zone of times that name none; None: UTC. The values of the fields `local` mean something inside one file only, so
    they are told apart by its name. `header` is the record that speaks for its file; with `carry_time` a record without a time has that
    of its neighbour.
    """

    id: str
    title: str
    version: int
    role: str
    reader: Mapping[str, Any]
    detect: Mapping[str, Any]
    aliases: Mapping[str, tuple[str, ...]]
    attrs: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    facts: Mapping[str, Any]
    time_required: bool
    samples: tuple[Mapping[str, Any], ...]
    globs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    time_shapes: tuple[str, ...] = ()
    session_by: str = "source"
    local: tuple[str, ...] = ()
    header: Header | None = None
    carry_time: bool = False

    def pieces(self, path: Path) -> Iterator[Piece]:
        """The records and rejects of a file, by this format's reader.

        Raises:
            CannotRead: the file as a whole is not what the reader reads.
            OSError: the file cannot be read.
        """
        pieces = READERS[self.reader["kind"]].read(path, self.options)
        if self.mine or self.local or self.by_file:
            pieces = self._own(pieces, own_name(path))
        if self.header:
            pieces = headed(pieces, self.header)
        yield from timed(pieces, self._time_value) if self.carry_time else pieces

    @property
    def by_file(self) -> bool:
        """Is each file one session, told by its name?"""
        return self.aliases.get("session") == (FILE,)

    def _own(self, pieces: Iterator[Piece], file: str) -> Iterator[Piece]:
        whose = {FILE: file} if self.by_file else {}
        for piece in pieces:
            if isinstance(piece, Record):
                named = {name: f"{file}: {piece.data[name]}" for name in self.local if name in piece.data}
                yield piece._replace(data=whose | self._mined(piece.data) | named)
            else:
                yield piece

    def _time_value(self, data: dict[str, Any]) -> Any:
        told = (value_at(data, name) for name in self.aliases["time"])
        return next((value for value in told if self.time(value) is not None), None)

    @property
    def options(self) -> dict[str, Any]:
        """What the reader is told: its options, and the fields that a record can only have once."""
        return {"once": (*self.aliases.get("time", ()), *self.aliases.get("session", ()))} | dict(self.reader)

    def _mined(self, data: dict[str, Any]) -> dict[str, Any]:
        text = next((value for name in self.mine if isinstance(value := value_at(data, name), str)), "")
        found = messages.mine(text) if text else None
        return found | data if found else data

    def fits(self, data: dict[str, Any]) -> bool:
        """Has the record all that one of the alternatives of `detect.any_of` asks for?"""
        if any(data.get(name) is not None for name in self.unless):
            return False
        return any(all(self.has(name, data) for name in names) for names in self.detect["any_of"])

    def has(self, name: str, data: dict[str, Any]) -> bool:
        """Has the record a value for an alias, or a field of this name?"""
        if name == "time":
            return any(self.time(value_at(data, candidate)) is not None for candidate in self.aliases["time"])
        if name == "session":
            return any(session_at(data, candidate) is not None for candidate in self.aliases.get("session", ()))
        return any(scalar(value_at(data, candidate)) is not None for candidate in self.aliases.get(name, ())) or (
            name not in self.aliases and value_at(data, name) is not None
        )

    def time(self, value: Any) -> times.Instant | None:
        """The time in a field, as this format writes times."""
        return times.parse(value, self.zone, self.time_shapes)

    def session_fields(self, sample: list[dict[str, Any]]) -> tuple[str, ...]:
        """The fields that hold the session in this source: the first candidate that most records have, and its kin.

        Decided once per source, so that a row with an agent and no session does not make a session of its own; where the format
        says `session_by: record`, each record names its session by the first candidate that it has.
        """
        candidates = self.aliases.get("session", ())
        if self.session_by == "record":
            return candidates
        counts = {name: sum(session_at(data, name) is not None for data in sample) for name in candidates}
        most = max(counts.values(), default=0)
        chosen = next((name for name in candidates if counts[name] and counts[name] * 2 >= most), "")
        return (chosen, *(n for n in candidates if n != chosen and "session" in n.lower())) if chosen else candidates
