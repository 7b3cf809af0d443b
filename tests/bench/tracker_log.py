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
        self.seq = 0


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
        one.seq += 1
        dice = roll()
        if one.left <= 0:
            live.remove(one)
            if dice < 0.02:
                yield f'{head}"event":"note",{one.who},"message":"the last that was seen of it"}}\n'
                continue
            gone = [*gone[-20:], one]
            yield f'{head}"event":"session.end",{one.who},"reason":"{"clean" if dice < 0.9 else "crash"}","seq":{one.seq}}}\n'
        elif dice < 0.45:
            yield f'{head}"event":"heartbeat",{one.who},"seq":{one.seq},"load":{below(400) / 100}}}\n'
        elif dice < 0.80:
            yield (
                f'{head}"event":"tool_use",{one.who},"seq":{one.seq},"data":{{"tool":"{pick(TOOLS)}","ms":{below(90_000)},'
                f'"args":["-n","{below(999)}"],"ok":{"true" if dice < 0.77 else "false"}}},"message":"step {one.seq} of \\"{pick(TOOLS)}\\""}}\n'
            )
        elif dice < 0.86:
            yield f'{head}"event":"state_change",{one.who},"state":"{pick(("idle", "active", "waiting"))}"}}\n'
        elif dice < 0.98:
            yield head + _lock(one, pick, below, dice)
        elif dice < 0.999 or not gone:
            yield f'{head}"event":"handoff_offer",{one.who},"to":"agent-{below(61):02d}","message":"\u2192 review"}}\n'
        else:
            yield f'{head}"event":"tool_use",{pick(gone).who},"data":{{"tool":"git","late":true}}}}\n'


def _lock(one: Session, pick: object, below: object, dice: float) -> str:
    if one.held:
        resource, one.held = one.held, ""
        return f'"event":"lock.release",{one.who},"resource":"{resource}"}}\n'
    if dice < 0.93:
        return f'"event":"lock.request",{one.who},"resource":"src/part-{below(5000)}.py","mode":"exclusive"}}\n'  # type: ignore[operator]
    one.held = f"src/part-{below(5000)}.py"  # type: ignore[operator]
    kind = "lock.steal" if dice > 0.9798 else "lock.acquire"
    return f'"event":"{kind}",{one.who},"resource":"{one.held}","mode":"exclusive","fence":{one.number * 1000 + one.seq}}}\n'


def write(path: Path, events: int, seed: int = 1) -> None:
    """Write such a log."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(records(events, seed))
