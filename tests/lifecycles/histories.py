"""Seeded histories of simulated trackers: healthy sessions, one planted fault or two, and lures."""

from __future__ import annotations

import random

from tests.lifecycles.faults import ALONE, FAULTS
from tests.lifecycles.lures import LURES
from tests.lifecycles.simulator import BEAT, END, HOUR, MINUTE, SECOND, START, History, healthy


def history(name: str, number: int, fault: str) -> History:
    """One history with that fault, and now and then another that does not touch the same sessions."""
    seed = random.Random(number)
    made = History(name, seed, seed.choice((SECOND, SECOND // 1000)))
    begin = 1_767_607_200 * SECOND + seed.randrange(150) * 24 * HOUR
    free: dict[str, int] = {}
    for n in range(seed.randint(3, 5)):
        healthy(made, f"s{n}", begin + n * seed.randint(1, 40) * MINUTE + seed.randrange(60_000) * SECOND // 1000, free)
    last = made.id("last")
    over = begin + 9 * HOUR
    for kind, after in ((START, 0), (BEAT, 3), (BEAT, 6), (BEAT, 9), (END, 10)):
        made.add(over + after * MINUTE, last, kind, agent=made.id("keeper"))
    FAULTS[fault](made, begin + 4 * HOUR)
    if seed.random() < 0.4 and fault not in ALONE:
        other = seed.choice([one for one in FAULTS if one not in ALONE and one != fault])
        FAULTS[other](made, begin + 6 * HOUR)
    if not (made.shuffled or made.damage or fault == "no_ends"):
        for lure in seed.sample(LURES, 2):
            lure(made, begin + 7 * HOUR)
    if not made.shuffled:
        made.facts.sort(key=lambda fact: fact.at)
    return made
