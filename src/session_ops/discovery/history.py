"""Earlier deployment attempts: manifests, container and service files that git once held."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """A deployment file that was removed and is still gone. `commit` removed it; its last content is at `commit`^:`path`.

    `path` is relative to the target. `also_removed` are other files that the same commit removed (at most 50).
    """

    path: str
    what: str
    commit: str
    date: str
    subject: str
    also_removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """What git tells: number of commits read, whether the history is cut (shallow), and the attempts, newest first."""

    commits: int
    shallow: bool
    attempts: tuple[Attempt, ...]
    removed: dict[str, str]
    """Every path (relative to the target) that was removed and is gone, to the commit that removed it."""
