"""Faults of a simulated tracker, each a small function that adds, drops or moves facts of a history.

What follows from them is not said here but by the oracle, which looks at the facts alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.lifecycles.simulator import ACQUIRE, BEAT, END, MINUTE, RELEASE, RENEW, REQUEST, SECOND, START, WORK, History, short


def orphan(made: History, at: int) -> None:
    short(made, "gone", at, end=None)


def crash_with_lock(made: History, at: int) -> None:
    session = short(made, "died", at, end="session.crash")
    made.add(at + 3 * MINUTE, session, ACQUIRE, resource=made.id("left"))
    if made.seed.random() < 0.5:
        waiter = short(made, "waits", at + 4 * MINUTE)
        made.add(at + 5 * MINUTE, waiter, REQUEST, resource=made.id("left"))


def no_ends(made: History, at: int) -> None:
    made.drop(lambda fact: fact.kind == END)
    for n in range(4):
        short(made, f"open{n}", at + n * MINUTE, end=None)


def silence(made: History, at: int) -> None:
    session = short(made, "quiet", at, 100)
    begin, end = at + 20 * MINUTE, at + made.seed.randint(60, 90) * MINUTE
    made.drop(lambda fact: fact.session == session and fact.kind == BEAT and begin < fact.at < end)
    if made.seed.random() < 0.4:
        made.add(begin + 9 * MINUTE, session, WORK)


def start_only(made: History, at: int) -> None:
    made.add(at, made.id("mute"), START)


def after_the_end(made: History, at: int) -> None:
    session = short(made, "back", at, end=made.seed.choice((END, "session.crash", "session.expire")))
    for n in range(made.seed.randint(1, 3)):
        made.add(at + (20 + n) * MINUTE, session, made.seed.choice((WORK, BEAT)))


def reaped_alive(made: History, at: int) -> None:
    session = short(made, "reaped", at, end="session.expire")
    made.add(at + 20 * MINUTE, session, "session.resume")
    made.add(at + 25 * MINUTE, session, END)


def ended_twice(made: History, at: int) -> None:
    session = short(made, "twice", at)
    made.add(at + 20 * MINUTE, session, "session.crash")


def odd_state(made: History, at: int) -> None:
    session = short(made, "odd", at)
    before, after = made.seed.choice((("IDLE", "WAITING"), ("PAUSED", "HANDING_OVER"), ("REGISTERED", "IDLE")))
    made.add(at + 5 * MINUTE, session, "session.state", from_state=before, to_state=after)


def second_start(made: History, at: int) -> None:
    session = short(made, "same", at)
    made.add(at + 5 * MINUTE, session, START)


def two_writers(made: History, at: int) -> None:
    session = made.id("doubled")
    made.add(at, session, START, host="m", pid=1)
    for n in range(6):
        made.add(at + (n + 1) * MINUTE, session, BEAT, host="m", pid=1 + n % 2)
    made.add(at + 9 * MINUTE, session, END, host="m", pid=1)


def twins(made: History, at: int) -> None:
    agent, place = made.id("twin"), made.seed.choice(("/srv/app", None))
    made.add(at, made.id("t1"), START, agent=agent, workspace=place)
    made.add(at + made.seed.randint(2, 8) * SECOND, made.id("t2"), START, agent=agent, workspace=place)
    busy, idle = made.seed.sample(("t1", "t2"), 2)
    made.add(at + 2 * MINUTE, made.id(busy), WORK, agent=agent)
    made.add(at + 4 * MINUTE, made.id(busy), END, agent=agent)
    made.add(at + 4 * MINUTE, made.id(idle), END, agent=agent)


def fork(made: History, at: int) -> None:
    session, last = short(made, "forked", at), None
    marks = [f"{session}-u{n}" for n in range(6)]
    for n, mark in enumerate(marks):
        made.add(at + n * MINUTE + SECOND, session, WORK, word=("user", "assistant")[n % 2], uuid=mark, parent=last)
        last = mark
    other = made.seed.choice(("user", "assistant"))
    made.add(at + 7 * MINUTE, session, WORK, word=other, uuid=f"{session}-x", parent=marks[made.seed.randrange(4)])


def claim(made: History, at: int) -> None:
    first, second, resource = short(made, "holder", at), short(made, "robber", at), made.id("db")
    made.add(at + 1 * MINUTE, first, ACQUIRE, resource=resource)
    made.add(at + 3 * MINUTE, second, ACQUIRE, resource=resource)
    made.add(at + 5 * MINUTE, second, RELEASE, resource=resource)
    if made.seed.random() < 0.6:
        made.add(at + 6 * MINUTE, first, RELEASE, resource=resource)


def foreign_release(made: History, at: int) -> None:
    first, second, resource = short(made, "owner", at), short(made, "stranger", at), made.id("lock")
    made.add(at + 1 * MINUTE, first, ACQUIRE, resource=resource)
    made.add(at + 3 * MINUTE, second, RELEASE, resource=resource)
    if made.seed.random() < 0.5:
        made.add(at + 5 * MINUTE, first, RELEASE, resource=resource)


def released_twice(made: History, at: int) -> None:
    session, resource = short(made, "eager", at), made.id("tool")
    if made.seed.random() < 0.7:
        made.add(at + 1 * MINUTE, session, ACQUIRE, resource=resource)
        made.add(at + 3 * MINUTE, session, RELEASE, resource=resource)
    made.add(at + 4 * MINUTE, session, RELEASE, resource=resource)


def shared_and_not(made: History, at: int) -> None:
    names = [short(made, f"reader{n}", at) for n in range(2)] + [short(made, "writer", at)]
    resource = made.id("file")
    for n, session in enumerate(names):
        mode = "exclusive" if n == 2 else "shared"
        made.add(at + (1 + n) * MINUTE, session, ACQUIRE, resource=resource, mode=mode)
        made.add(at + (5 + n) * MINUTE, session, RELEASE, resource=resource, mode=mode)


def old_fence(made: History, at: int) -> None:
    first, second, resource = short(made, "slow", at), short(made, "fast", at), made.id("store")
    made.add(at + 1 * MINUTE, first, ACQUIRE, resource=resource, fence=7, expires=at + 2 * MINUTE)
    made.add(at + 3 * MINUTE, second, ACQUIRE, resource=resource, fence=8, expires=at + 30 * MINUTE)
    made.add(at + 4 * MINUTE, first, WORK, resource=resource, fence=7)
    made.add(at + 5 * MINUTE, second, RELEASE, resource=resource, fence=8)


def lease_over(made: History, at: int) -> None:
    session, resource = short(made, "late", at), made.id("lease")
    made.add(at + 1 * MINUTE, session, ACQUIRE, resource=resource, expires=at + 2 * MINUTE)
    if made.seed.random() < 0.5:
        made.add(at + 1.5 * MINUTE, session, RENEW, resource=resource, expires=at + 3 * MINUTE)
    made.add(at + 5 * MINUTE, session, RELEASE, resource=resource)


def never_released(made: History, at: int) -> None:
    session = short(made, "keeps", at)
    made.add(at + 1 * MINUTE, session, ACQUIRE, resource=made.id("kept"))


def circle(made: History, at: int) -> None:
    n = made.seed.choice((2, 3))
    stop = made.seed.choice((None, "session.crash"))
    names = [short(made, f"c{k}", at, 20, end=stop or END) for k in range(n)]
    for k, session in enumerate(names):
        made.add(at + (1 + k) * MINUTE, session, ACQUIRE, resource=made.id(f"d{k}"))
        made.add(at + (5 + k) * MINUTE, session, REQUEST, resource=made.id(f"d{(k + 1) % n}"))


def loop(made: History, at: int) -> None:
    agent = made.id("looper")
    for n in range(made.seed.randint(5, 7)):
        made.add(at + n * MINUTE, made.id(f"loop{n}"), START, agent=agent)
        made.add(at + n * MINUTE + 20 * SECOND, made.id(f"loop{n}"), WORK, agent=agent)
        made.add(at + n * MINUTE + 40 * SECOND, made.id(f"loop{n}"), END if n == 2 else "session.crash", agent=agent)


def storm(made: History, at: int) -> None:
    session = short(made, "loud", at)
    for n in range(made.seed.randint(110, 140)):
        made.add(at + 2 * MINUTE + n * 300 * SECOND // 1000, session, WORK, word="log", message=f"attempt {n} of the same")


def torn(made: History, at: int) -> None:
    short(made, "torn", at)
    made.facts.sort(key=lambda fact: fact.at)
    places = [n for n, fact in enumerate(made.facts) if fact.session == made.id("torn") and fact.kind == BEAT]
    made.damage = {place: made.seed.choice(("torn", "conflict")) for place in made.seed.sample(places, 2)}


def skipped(made: History, at: int) -> None:
    session = short(made, "counted", at)
    number = 0
    for n in range(30):
        number += 3 if n == 7 else -4 if n == 20 else 1
        made.add(at + n * 15 * SECOND + SECOND, session, WORK, seq=number)


def written_over(made: History, at: int) -> None:
    session = short(made, "editor", at)
    for n, (before, after) in enumerate((("v0", "v1"), ("v1", "v2"), ("v1", "v3"), ("v3", "v4"))):
        made.add(at + (n + 1) * MINUTE, session, WORK, prev_etag=before, etag=after)


def registry_differs(made: History, at: int) -> None:
    for session in {fact.session for fact in made.facts}:
        facts = made.of(session)
        ends = [fact.at for fact in facts if fact.kind == END]
        made.registry[session] = {
            "start": facts[0].at + 1_000_000,
            "end": ends[0] + 1_000_000 if ends else None,
            "state": "ended",
        }
    wrong = short(made, "lost-end", at)
    made.registry[wrong] = {"start": at + 1_000_000, "end": None, "state": "active", "beat": at + 3 * MINUTE}
    if made.seed.random() < 0.5:
        open_still = short(made, "no-end", at, end=None)
        made.registry[open_still] = {"start": at + 1_000_000, "end": at + 13 * MINUTE + 1_000_000, "state": "ended"}


def ghost(made: History, at: int) -> None:
    session = short(made, "ghost", at, end=None)
    made.registry[session] = {"start": at + 1_000_000, "end": None, "state": "running", "beat": at + 11 * MINUTE}
    other = made.id("last")
    end = made.of(other)[-1].at
    made.registry[other] = {"start": made.of(other)[0].at + 1_000_000, "end": end + 1_000_000, "state": "ended"}


def lock_errors(made: History, at: int) -> None:
    names = [short(made, f"busy{n}", at) for n in range(made.seed.randint(1, 2))]
    text = made.seed.choice(
        ("database is locked", "SQLITE_BUSY: no way in", "Unable to create '/srv/.git/index.lock': File exists")
    )
    for n in range(made.seed.randint(3, 5)):
        made.add(at + 3 * MINUTE + n * 5 * SECOND, names[n % len(names)], WORK, word="error", message=text)


def left_tree(made: History, at: int) -> None:
    session = short(made, "tree", at)
    made.add(at + MINUTE, session, "registry.set", word="worktree.created", worktree=made.id("wt"))
    made.add(at + MINUTE, session, "registry.set", word="branch.created", branch=made.id("br"))
    if made.seed.random() < 0.5:
        made.add(at + 9 * MINUTE, session, "registry.set", word="branch.deleted", branch=made.id("br"))


def set_back(made: History, at: int) -> None:
    session = short(made, "clock", at, 40)
    made.facts.sort(key=lambda fact: fact.at)
    mine = [fact for fact in made.facts if fact.session == session]
    step = made.seed.choice((30, 300)) * SECOND
    for fact in mine[8:10]:
        made.facts[made.facts.index(fact)] = replace(fact, at=(fact.at - 120 * SECOND - step) // made.res * made.res)
    made.shuffled = True


def skewed_host(made: History, at: int) -> None:
    session = made.id("skewed")
    off = made.seed.choice((-300, -90, 200, 700)) * SECOND
    for n, kind in enumerate((START, BEAT, WORK, BEAT, END)):
        seen = at + n * MINUTE + off + made.seed.randrange(5) * SECOND
        made.add(at + n * MINUTE, session, kind, file="host", host=made.id("far"), observed=seen)


def other_zone(made: History, at: int) -> None:
    session = made.id("abroad")
    off = made.seed.choice((-16, -2, 2, 11)) * 30 * MINUTE
    for n, kind in enumerate((START, BEAT, WORK, BEAT, END)):
        seen = at + n * MINUTE + off + made.seed.randrange(5) * SECOND
        made.add(at + n * MINUTE, session, kind, file="host", host=made.id("away"), observed=seen)


def nobody_accepts(made: History, at: int) -> None:
    session = short(made, "offers", at)
    made.add(at + 11 * MINUTE, session, "session.handoff_offer")
    if made.seed.random() < 0.3:
        taker = short(made, "accepts", at + 12 * MINUTE)
        made.add(at + 13 * MINUTE, taker, "session.handoff_accept")
        made.add(at + 15 * MINUTE, taker, "session.handoff_offer")


def same_length(made: History, at: int) -> None:
    if made.seed.random() < 0.4:
        session = short(made, "cut", at)
        made.facts[-1] = replace(
            made.facts[-1], more={"reason": made.seed.choice(("reaped", "timeout", "auto-closed by the next one"))}
        )
        assert made.facts[-1].session == session
        return
    for n in range(3):
        begin = at + n * 3 * MINUTE
        made.add(begin, made.id(f"limit{n}"), START)
        made.add(begin + 5 * MINUTE, made.id(f"limit{n}"), BEAT)
        made.add(begin + 14 * MINUTE + 250_000_000, made.id(f"limit{n}"), END)


def copied(made: History, at: int) -> None:
    session = short(made, "copied", at)
    for n in (1, 2, 2, 3):
        made.add(at + n * MINUTE, session, WORK, uuid=f"{session}-{n}")


FAULTS: dict[str, Callable[[History, int], None]] = {
    made.__name__: made
    for made in (
        orphan, crash_with_lock, no_ends, silence, start_only, after_the_end, reaped_alive, ended_twice, odd_state, second_start, two_writers,
        twins, fork, claim, foreign_release, released_twice, shared_and_not, old_fence, lease_over, never_released, circle, loop, storm, torn,
        skipped, written_over, registry_differs, ghost, lock_errors, left_tree, set_back, skewed_host, other_zone, nobody_accepts, same_length,
        copied,
    )
}  # fmt: skip
ALONE = {"no_ends", "registry_differs", "ghost", "torn", "set_back"}
"""Faults that concern a whole history."""
