"""A simulated tracker: what it logs, and sessions that are well: they start, beat, work, take locks in turn and end."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HALF_HOUR = 30 * MINUTE
HOUR = 60 * MINUTE
START, BEAT, WORK, END = "session.start", "session.heartbeat", "session.activity", "session.end"
ACQUIRE, RENEW, RELEASE, REQUEST, STEAL = "lock.acquire", "lock.renew", "lock.release", "lock.request", "lock.steal"


@dataclass(frozen=True)
class Fact:
    """One thing that a tracker logs, with the time of the clock of its host. `word` is another spelling of its kind."""

    at: int
    session: str
    kind: str
    more: dict[str, Any] = field(default_factory=dict)
    file: str = "log"
    word: str = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.more.get(name)


@dataclass
class History:
    """The facts of one tracker in the order in which they are written, its registry, and lines that cannot be read."""

    name: str
    seed: random.Random
    res: int
    facts: list[Fact] = field(default_factory=list)
    registry: dict[str, dict[str, Any]] = field(default_factory=dict)
    damage: dict[int, str] = field(default_factory=dict)
    """Lines that are spoilt: place among the facts of the log -> torn, conflict or welded (the fact itself is still read)."""
    shuffled: bool = False

    def id(self, name: str) -> str:
        return f"{self.name}-{name}"

    def add(self, at: float, session: str, kind: str, *, file: str = "log", word: str = "", **more: Any) -> Fact:
        """A fact, its time cut to what the clock shows."""
        fact = Fact(int(at) // self.res * self.res, session, kind, {k: v for k, v in more.items() if v is not None}, file, word)
        self.facts.append(fact)
        return fact

    def of(self, session: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.session == session]

    def drop(self, unwanted: Callable[[Fact], bool]) -> None:
        self.facts = [fact for fact in self.facts if not unwanted(fact)]

    @property
    def since(self) -> int:
        return min(fact.at for fact in self.facts)

    @property
    def until(self) -> int:
        return max(fact.at for fact in self.facts)


def healthy(made: History, name: str, begin: int, free: dict[str, int]) -> str:
    """A session that starts, beats each minute or so, works, takes locks in turn and ends."""
    seed, session, agent = made.seed, made.id(name), made.id(f"agent-{name}")
    at, stop = begin, begin + seed.randint(20, 110) * MINUTE
    step = seed.randint(60, 240) * SECOND
    made.add(at, session, START, agent=agent)
    while (at := at + step + seed.randrange(20) * SECOND) < stop:
        made.add(at, session, BEAT, agent=agent)
        if seed.random() < 0.5:
            made.add(at + 7 * SECOND, session, WORK, agent=agent)
        if seed.random() < 0.4:
            resource = made.id(f"r{seed.randrange(3)}")
            if free.get(resource, 0) < at:
                given_back = at + seed.randint(5, 50) * SECOND
                made.add(at + 2 * SECOND, session, ACQUIRE, agent=agent, resource=resource)
                made.add(given_back, session, RELEASE, agent=agent, resource=resource)
                free[resource] = given_back + 2 * SECOND
    made.add(stop + 60 * SECOND, session, END, agent=agent, reason="clean")
    return session


def short(made: History, name: str, at: int, minutes: int = 12, *, end: str | None = END, **more: Any) -> str:
    """A small session: start, a beat every two minutes, and the end."""
    session = made.id(name)
    made.add(at, session, START, **more)
    for minute in range(2, minutes, 2):
        made.add(at + minute * MINUTE + made.seed.randrange(900) * SECOND // 1000, session, BEAT, **more)
    if end:
        made.add(at + minutes * MINUTE, session, end, **more)
    return session
