"""External commands that scripts use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One use of an external command: `words` as written (name first), `guarded` where the script checks for it first or goes on without it."""

    name: str
    path: str
    line: int
    words: tuple[str, ...]
    guarded: bool = False


Commands = tuple[Command, ...]
