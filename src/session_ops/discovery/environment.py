"""Environment variables: used where, with a default or without, and documented where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """One place that reads a variable from the environment. `default` is its text, None where there is none and the code fails or goes on empty."""

    name: str
    path: str
    line: int
    default: str | None
    required: bool


@dataclass(frozen=True)
class Mention:
    """A place that documents or sets a variable: env template, README, compose, unit, Dockerfile, CI."""

    name: str
    path: str
    line: int
    kind: str


@dataclass(frozen=True)
class Environment:
    """All uses and mentions, sorted by name, path and line. Variables that every system sets (HOME, PATH, USER …) are left out."""

    uses: tuple[Use, ...]
    mentions: tuple[Mention, ...]

    def undocumented(self) -> tuple[str, ...]:
        """Names that are used and mentioned nowhere."""
        return tuple(sorted({u.name for u in self.uses} - {m.name for m in self.mentions}))
