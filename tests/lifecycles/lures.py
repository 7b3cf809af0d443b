"""What looks like a fault of a tracker and is none, or only in part: detectors have to stay silent where the oracle does."""

from __future__ import annotations

from collections.abc import Callable

from tests.lifecycles.simulator import ACQUIRE, BEAT, END, MINUTE, RELEASE, REQUEST, SECOND, START, STEAL, WORK, History, short


def taken_over(made: History, at: int) -> None:
    first, second, resource = short(made, "l-dead", at, 4), short(made, "l-heir", at), made.id("l-heritage")
    made.add(at + MINUTE, first, ACQUIRE, resource=resource)
    made.add(at + 5 * MINUTE, second, ACQUIRE, resource=resource)
    made.add(at + 6 * MINUTE, second, RELEASE, resource=resource)


def run_out(made: History, at: int) -> None:
    first, second, resource = short(made, "l-before", at), short(made, "l-after", at), made.id("l-lease")
    made.add(at + MINUTE, first, ACQUIRE, resource=resource, expires=at + 2 * MINUTE)
    made.add(at + 3 * MINUTE, second, ACQUIRE, resource=resource, expires=at + 8 * MINUTE)


def swept(made: History, at: int) -> None:
    first, second, resource = short(made, "l-fallen", at, 4), short(made, "l-sweeper", at), made.id("l-swept")
    made.add(at + MINUTE, first, ACQUIRE, resource=resource)
    made.add(at + 6 * MINUTE, second, RELEASE, resource=resource)


def readers(made: History, at: int) -> None:
    names, resource = [short(made, f"l-reader{n}", at) for n in range(3)], made.id("l-book")
    for n, session in enumerate(names):
        made.add(at + (1 + n) * MINUTE, session, ACQUIRE, resource=resource, mode="shared")
    for n, session in enumerate(made.seed.sample(names, 3)):
        made.add(at + (5 + n) * MINUTE, session, RELEASE, resource=resource, mode="shared")


def small_jobs(made: History, at: int) -> None:
    for n in range(6):
        session = made.id(f"l-job{n}")
        made.add(at + n * MINUTE, session, START, agent=made.id("l-batch"))
        made.add(at + n * MINUTE + 20 * SECOND, session, WORK)
        made.add(at + n * MINUTE + 30 * SECOND, session, "session.crash" if n == 1 else END)


def states(made: History, at: int) -> None:
    session = made.id("l-states")
    made.add(at, session, "session.register")
    made.add(at + MINUTE, session, START)
    for n, state in enumerate(made.seed.sample(("IDLE", "WAITING", "PAUSED", "ACTIVE"), 4)):
        made.add(at + (2 + n) * MINUTE, session, "session.state", to_state=state)
    made.add(at + 8 * MINUTE, session, END)


def late_release(made: History, at: int) -> None:
    first, second, resource = short(made, "l-old", at), short(made, "l-new", at), made.id("l-store")
    made.add(at + MINUTE, first, ACQUIRE, resource=resource, fence=3)
    made.add(at + 2 * MINUTE, first, RELEASE, resource=resource, fence=3)
    made.add(at + 3 * MINUTE, second, ACQUIRE, resource=resource, fence=4)
    made.add(at + 4 * MINUTE, first, RELEASE, resource=resource, fence=3)
    made.add(at + 5 * MINUTE, second, RELEASE, resource=resource, fence=4)


def waits_in_turn(made: History, at: int) -> None:
    a, b = (short(made, f"l-{name}", at) for name in ("ann", "bob"))
    x, y = made.id("l-x"), made.id("l-y")
    for minute, session, kind, resource in (
        (1, a, ACQUIRE, x), (1, b, ACQUIRE, y), (2, a, REQUEST, y), (3, b, RELEASE, y), (3, a, ACQUIRE, y), (4, a, RELEASE, y),
        (5, b, REQUEST, x), (6, a, RELEASE, x), (6, b, ACQUIRE, x), (7, b, RELEASE, x),
    ):  # fmt: skip
        made.add(at + minute * MINUTE, session, kind, resource=resource)


def handed_over(made: History, at: int) -> None:
    giver, taker = short(made, "l-giver", at), made.id("l-taker")
    made.add(at + 11 * MINUTE, giver, "session.handoff_offer")
    made.add(at + 15 * MINUTE, taker, START, previous=giver if made.seed.random() < 0.5 else None)
    made.add(at + 16 * MINUTE, taker, "session.handoff_accept")
    made.add(at + 19 * MINUTE, taker, END)


def long_step(made: History, at: int) -> None:
    session = made.id("l-slow")
    made.add(at, session, START)
    for minute in (9, 18, 27, 41, 50):
        made.add(at + minute * MINUTE, session, BEAT, agent=made.id("l-slow-agent"))
    made.add(at + 51 * MINUTE, session, END)


def stolen(made: History, at: int) -> None:
    first, second, resource = short(made, "l-weak", at), short(made, "l-strong", at), made.id("l-loot")
    made.add(at + MINUTE, first, ACQUIRE, resource=resource)
    made.add(at + 2 * MINUTE, second, STEAL, resource=resource)
    made.add(at + 3 * MINUTE, second, RELEASE, resource=resource)


LURES: tuple[Callable[[History, int], None], ...] = (
    taken_over, run_out, swept, readers, small_jobs, states, late_release, waits_in_turn, handed_over, long_step, stolen,
)  # fmt: skip
