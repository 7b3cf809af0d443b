"""A generated log of a busy tracker as newline JSON: what the bench of the lifecycles reads.

About 140 bytes a record and 240 records a session, in order of time, of some hundred sessions at once: starts, heartbeats, tool calls with
nested data, locks with leases, state changes, hand-overs, ends. Some sessions never end, some go on after their end, some locks are stolen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

LIVE = 300
"""Sessions at a time."""
BEGAN = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
TOOLS = ("bash", "edit", "read", "search", "test", "browser", "git", "plan")


class Session:
    """One session that is alive: its number, its agent, and what it holds."""

    def __init__(self, number: int, chance: random.Random) -> None:
        agent = number % 61
        self.number = number
        self.left = chance.randint(60, 420)
        self.who = f'"session":"s-{number:07d}","agent":"agent-{agent:02d}"'
        self.where = f'"host":"build-{agent % 7}","pid":{1000 + number % 60000}'
        self.held = ""
        self.idle = False
        self.seq = 0

    def next(self) -> str:
        """The session's own counter, one further."""
        self.seq += 1
        return f'"seq":{self.seq}'


def records(events: int, seed: int = 1) -> Iterator[str]:
    """The lines of a log of so many events. The same seed gives the same log."""
    chance = random.Random(seed)
    pick, roll, below = chance.choice, chance.random, chance.randrange
    number = 0
    live: list[Session] = []
    gone: list[Session] = []
    day, date = -1, ""
    for n in range(events):
        at = int(BEGAN * 1000) + n * 40 + below(40)
        if at // 86_400_000 != day:
            day = at // 86_400_000
            date = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d")
        seconds, ms = divmod(at % 86_400_000, 1000)
        head = f'{{"ts":"{date}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}Z",'
        if len(live) < LIVE:
            number += 1
            one = Session(number, chance)
            live.append(one)
            yield f'{head}"event":"session.start",{one.who},{one.where},"cwd":"/srv/project-{number % 37}","branch":"agent/{number % 211}"}}\n'
            continue
        one = live[below(LIVE)]
        one.left -= 1
        dice = roll()
        if one.left <= 0:
            live.remove(one)
            if dice < 0.02:
                yield f'{head}"event":"note",{one.who},"message":"the last that was seen of it"}}\n'
                continue
            gone = [*gone[-20:], one]
            yield f'{head}"event":"session.end",{one.who},"reason":"{"clean" if dice < 0.9 else "crash"}",{one.next()}}}\n'
        elif dice < 0.45:
            yield f'{head}"event":"heartbeat",{one.who},{one.next()},"load":{below(400) / 100}}}\n'
        elif dice < 0.80:
            yield (
                f'{head}"event":"tool_use",{one.who},{one.next()},"data":{{"tool":"{pick(TOOLS)}","ms":{below(90_000)},'
                f'"args":["-n","{below(999)}"],"ok":{"true" if dice < 0.77 else "false"}}},"message":"step {one.seq} of \\"{pick(TOOLS)}\\""}}\n'
            )
        elif dice < 0.86:
            one.idle = not one.idle
            yield f'{head}"event":"state_change",{one.who},"state":"{"idle" if one.idle else "active"}"}}\n'
        elif dice < 0.98:
            yield head + _lock(one, n, below(5000), dice)
        elif dice < 0.9805:
            yield f'{head}"event":"handoff_offer",{one.who},"to":"agent-{below(61):02d}","message":"\u2192 review"}}\n'
        elif dice < 0.9999 or not gone:
            yield f'{head}"event":"note",{one.who},"level":"info","message":"looked at {below(90)} files in src/part-{below(5000)}"}}\n'
        else:
            yield f'{head}"event":"tool_use",{pick(gone).who},"data":{{"tool":"git","late":true}}}}\n'


def _lock(one: Session, n: int, part: int, dice: float) -> str:
    if one.held:
        resource, one.held = one.held, ""
        return f'"event":"lock.release",{one.who},"resource":"{resource}"}}\n'
    if dice < 0.93:
        return f'"event":"lock.request",{one.who},"resource":"src/part-{part}.py","mode":"exclusive"}}\n'
    one.held = f"src/part-{part}.py"
    kind = "lock.steal" if dice > 0.9798 else "lock.acquire"
    return f'"event":"{kind}",{one.who},"resource":"{one.held}","mode":"exclusive","fence":{n}}}\n'


def write(path: Path, events: int, seed: int = 1) -> None:
    """Write such a log."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(records(events, seed))
