"""The oracle's rules about locks: each resource is replayed in the order of the log, by hand."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.lifecycles.oracle import Known, Row
from tests.lifecycles.simulator import HOUR, MINUTE, Fact

STEPS = ("lock.acquire", "lock.renew", "lock.steal", "lock.release", "lock.expire")
TAKES = ("lock.acquire", "lock.renew", "lock.steal")


@dataclass
class Hold:
    """Who holds a resource since when; `until` is when it was given back or taken, `lease` when it runs out."""

    resource: str
    taken: Fact
    shared: bool
    lease: int | None
    until: int | None = None

    @property
    def holder(self) -> str:
        return self.taken.session


def resources(k: Known) -> dict[str, list[Fact]]:
    """The steps of each resource, in order: within one tick what gives back an older hold comes first."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in sorted((f for f in k.facts if f.kind in STEPS and f.resource), key=lambda fact: fact.at):
        found[fact.resource].append(fact)
    for facts in found.values():
        begun = {n for n, fact in enumerate(facts) if _begun_in_this_tick(facts, n)}
        order = sorted(
            range(len(facts)),
            key=lambda n: (facts[n].at, facts[n].kind not in ("lock.release", "lock.expire") or n in begun, n),
        )
        facts[:] = [facts[n] for n in order]
    return found


def _begun_in_this_tick(facts: list[Fact], n: int) -> bool:
    mine = [fact for fact in facts[:n] if fact.session == facts[n].session]
    return bool(mine) and mine[-1].kind in TAKES and mine[-1].at == facts[n].at


def holds(k: Known) -> Iterator[Hold]:
    """Every hold: a holder that takes again goes on with its hold."""
    for resource, facts in resources(k).items():
        held: dict[str, Hold] = {}
        for fact in facts:
            mine = held.get(fact.session)
            if fact.kind in ("lock.steal", "lock.expire"):
                for one in held.values():
                    one.until = fact.at
                yield from held.values()
                held, mine = {}, None
            if fact.kind in TAKES and mine:
                mine.lease = max(filter(None, (mine.lease, fact.expires)), default=None)
            elif fact.kind in TAKES and fact.kind != "lock.renew":
                held[fact.session] = Hold(resource, fact, fact.mode == "shared", fact.expires)
            elif fact.kind == "lock.release" and mine:
                mine.until = fact.at
                yield held.pop(fact.session)
        yield from held.values()


def over(k: Known, session: str, since: int, at: int) -> bool:
    """Had the session ended between its step and that time?"""
    end = k.run_of(session, since).end
    return end is not None and since <= end.at <= at


def claim_while_held(k: Known) -> Iterator[Row]:
    """D10: an acquire right after another's acquire, renewal or theft, which was neither over nor run out."""
    for resource, facts in resources(k).items():
        for before, fact in itertools.pairwise(facts):
            if fact.kind != "lock.acquire" or before.kind not in TAKES or before.session == fact.session:
                continue
            if fact.mode == "shared" and before.mode == "shared":
                continue
            if (before.expires is None or before.expires > fact.at) and not over(k, before.session, before.at, fact.at):
                yield fact.session, resource


def release_by_other(k: Known) -> Iterator[Row]:
    """D11: a release right after another's acquire; readers may give back in any order, and anybody may clean up after the dead."""
    for resource, facts in resources(k).items():
        for n, fact in enumerate(facts[1:], 1):
            before = facts[n - 1]
            if fact.kind != "lock.release" or before.kind not in TAKES or before.session == fact.session:
                continue
            mine = [one for one in facts[:n] if one.session == fact.session]
            if before.mode == "shared" and mine and mine[-1].kind in TAKES:
                continue
            if not over(k, before.session, before.at, fact.at):
                yield fact.session, resource


def double_release(k: Known) -> Iterator[Row]:
    """D12: a release after a release, or before anything else."""
    for resource, facts in resources(k).items():
        for n, fact in enumerate(facts):
            if fact.kind != "lock.release" or (n and facts[n - 1].kind != "lock.release"):
                continue
            mine = [one for one in facts[:n] if one.session == fact.session]
            if not (fact.mode == "shared" and mine and mine[-1].kind in TAKES):
                yield fact.session, resource


def overlap(k: Known) -> Iterator[Row]:
    """D13: two holds of different sessions that certainly overlap, one of them exclusive; once for the later of the two."""
    known = sorted(holds(k), key=lambda hold: hold.taken.at)
    for n, later in enumerate(known):
        for earlier in known[:n]:
            if earlier.resource != later.resource or earlier.holder == later.holder or (earlier.shared and later.shared):
                continue
            if min(_sure_until(k, earlier), _sure_until(k, later)) > later.taken.at:
                yield later.holder, later.resource
                break


def _sure_until(k: Known, hold: Hold) -> int:
    run = k.run_of(hold.holder, hold.taken.at)
    ends = (
        [hold.until]
        if hold.until is not None
        else [run.end.at if run.end and run.end.at >= hold.taken.at else max(run.last, hold.taken.at)]
    )
    return min(filter(None, (*ends, hold.lease)))


def fenced_out(k: Known) -> Iterator[Row]:
    """D13: a fence lower than one that was seen before, on anything but giving back."""
    highest: dict[str, int] = {}
    fenced = {fact.resource for fact in k.facts if fact.kind in STEPS and fact.fence is not None}
    for fact in sorted((f for f in k.facts if f.fence is not None and f.resource in fenced), key=lambda fact: fact.at):
        if fact.fence < highest.get(fact.resource, fact.fence) and fact.kind not in (
            "lock.release",
            "lock.expire",
            "lock.request",
        ):
            yield fact.session, fact.resource
        highest[fact.resource] = max(fact.fence, highest.get(fact.resource, fact.fence))


def lease_overrun(k: Known) -> Iterator[Row]:
    """D13: the first use of a resource by its holder after the lease had run out, once for each hold."""
    leased: dict[tuple[str, str], tuple[int | None, bool]] = {}
    for fact in sorted((f for f in k.facts if f.resource and f.kind != "lock.request"), key=lambda fact: fact.at):
        key = (fact.session, fact.resource)
        lease, told = leased.get(key, (None, False))
        if fact.kind in ("lock.acquire", "lock.steal"):
            leased[key] = (fact.expires, False)
            continue
        if lease is not None and fact.at > lease + k.history.res and not told:
            yield key
            told = True
        if fact.kind == "lock.release":
            leased.pop(key, None)
        elif key in leased:
            leased[key] = (max(filter(None, (lease, fact.expires)), default=None), told)


def stuck_lock(k: Known) -> Iterator[Row]:
    """D14: the last step of a resource is a taking, whose holder is gone or holds on for more than an hour, and no lease ran out."""
    if not any(fact.kind in ("lock.release", "lock.expire") for fact in k.facts):
        return
    for resource, facts in resources(k).items():
        for session in dict.fromkeys(fact.session for fact in facts):
            mine = [fact for fact in facts if fact.session == session]
            if mine[-1].kind not in TAKES or (facts[-1] is not mine[-1] and mine[-1].mode != "shared"):
                continue
            hold = next(one for one in reversed(list(holds(k))) if one.resource == resource and one.holder == session)
            if hold.lease is not None and hold.lease <= k.now:
                continue
            run = k.run_of(session, mine[-1].at)
            status = k.status(run)
            gone = status in ("ENDED", "CRASHED", "EXPIRED", "ORPHANED", "SUPERSEDED") or (
                status == "SILENT" and k.now - run.last > 10 * MINUTE
            )
            if gone or k.now - hold.taken.at > HOUR:
                yield session, resource


def deadlock(k: Known) -> Iterator[Row]:
    """D15: sessions that wait in a circle, each for what the next one holds, at one and the same time; none of them gone for an hour."""
    waits = list(_waits(k))
    edges = []
    for waiter, resource, since, until in waits:
        for hold in holds(k):
            if hold.resource == resource and hold.holder != waiter:
                run = k.run_of(hold.holder, hold.taken.at)
                free = (
                    hold.until
                    if hold.until is not None
                    else run.end.at
                    if run.end and run.end.at >= hold.taken.at
                    else min(k.now, run.last + HOUR)
                )
                span = (max(since, hold.taken.at), min(until, free))
                if span[0] < span[1]:
                    edges.append((waiter, hold.holder, resource, span))

    def follow(path: list[str], since: int, until: int) -> int:
        found = 0
        for waiter, holder, _, span in edges:
            begin, end = max(since, span[0]), min(until, span[1])
            if waiter == path[-1] and begin < end:
                if holder == path[0]:
                    found += 1
                elif holder > path[0] and holder not in path and len(path) < 8:
                    found += follow([*path, holder], begin, end)
        return found

    for waiter, holder, resource, span in edges:
        if holder > waiter:
            for _ in range(follow([waiter, holder], *span)):
                yield waiter, resource


def _waits(k: Known) -> Iterator[tuple[str, str, int, int]]:
    asked: dict[tuple[str, str], int] = {}
    for fact in sorted((f for f in k.facts if f.kind in ("lock.request", *STEPS) and f.resource), key=lambda fact: fact.at):
        key = (fact.session, fact.resource)
        if fact.kind == "lock.request":
            asked.setdefault(key, fact.at)
        elif fact.kind in ("lock.acquire", "lock.steal", "lock.release") and key in asked:
            yield (*key, asked.pop(key), fact.at)
    for (session, resource), since in asked.items():
        run = k.run_of(session, since)
        yield session, resource, since, run.end.at if run.end and run.end.at >= since else min(k.now, run.last + HOUR)


LOCKS: dict[str, Callable[[Known], Iterator[Row]]] = {
    rule.__name__: rule
    for rule in (
        claim_while_held, release_by_other, double_release, overlap, fenced_out, lease_overrun, stuck_lock, deadlock,
    )
}  # fmt: skip
