"""Who starts which script, and whether a person sits in front of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One place that starts a script. `headless`: by its nature (hook, CI, cron, systemd, container, agent) nobody answers there."""

    script: str
    source: str
    line: int
    headless: bool
    who: str


@dataclass(frozen=True)
class Callers:
    """All calls, from the reference graph."""

    calls: tuple[Call, ...]

    def of(self, script: str) -> tuple[Call, ...]:
        """Every place that starts this script."""
        return tuple(call for call in self.calls if call.script == script)

    def headless(self, script: str) -> str:
        """Who starts this script without a terminal, directly or through other scripts ("hook .claude/settings.json:8 > bin/start.sh"); empty if nobody."""
        raise NotImplementedError
