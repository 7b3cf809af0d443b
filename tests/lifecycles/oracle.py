"""What a history holds that is wrong, in plain Python over its facts: written from the model of the lifecycles, not from the SQL.

Each rule is a function from a `Known` to (session, resource) pairs; a crash that leaves a lock is two rows, of two rules.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

from tests.lifecycles.simulator import HOUR, MINUTE, SECOND, Fact, History

STARTS = ("session.start", "session.register", "session.resume")
ENDS = ("session.end", "session.crash", "session.expire")
Row = tuple[str, str]
TERMINAL = {"session.end": "ENDED", "session.crash": "CRASHED", "session.expire": "EXPIRED"}


@dataclass
class Run:
    """One run of a session: from a start to the end, or to where it was last seen."""

    session: str
    number: int
    facts: list[Fact] = field(default_factory=list)

    @property
    def start(self) -> Fact | None:
        return next((fact for fact in self.facts if fact.kind in STARTS), None)

    @property
    def begin(self) -> int:
        return self.start.at if self.start else self.facts[0].at

    @property
    def end(self) -> Fact | None:
        return next((fact for fact in self.facts if fact.kind in ENDS), None)

    @property
    def last(self) -> int:
        return max(fact.at for fact in self.facts)


@dataclass
class Known:
    """A history as its readers see it: torn lines are gone, and what the registry tells fills what the log does not."""

    history: History
    facts: list[Fact]
    runs: list[Run]
    in_log: dict[str, list[Fact]]
    now: int
    registry_now: int
    logs_end: bool
    registry_logs_end: bool

    def superseded(self, run: Run) -> bool:
        return any(fact.previous == run.session for fact in self.facts)

    def run_of(self, session: str, at: int) -> Run:
        mine = [run for run in self.runs if run.session == session and run.facts[0].at <= at]
        return mine[-1]

    def status(self, run: Run) -> str:
        if run.end:
            return TERMINAL[run.end.kind]
        if self.superseded(run):
            return "SUPERSEDED"
        registered = run.facts[0].file == "registry"
        if not (self.registry_logs_end if registered else self.logs_end):
            return "CENSORED"
        silent = (self.registry_now if registered else self.now) - run.last
        return "ORPHANED" if silent > HOUR else "SILENT" if silent > 10 * MINUTE else "LIVE"


def known(history: History) -> Known:
    """What can be read of a history."""
    written = [fact for n, fact in enumerate(f for f in history.facts if f.file == "log") if history.damage.get(n) != "torn"]
    written += [fact for fact in history.facts if fact.file != "log"]
    in_log: dict[str, list[Fact]] = defaultdict(list)
    for fact in written:
        in_log[fact.session].append(fact)
    told = list(written)
    registered: list[Fact] = []
    for session, entry in history.registry.items():
        parts = {_part(fact) for fact in in_log.get(session, ())}
        rows = [("session.start", entry["start"]), ("session.end", entry["end"])]
        rows += [("session.heartbeat", entry.get("beat"))] if entry["end"] is None else []
        facts = [Fact(at, session, kind, {}, "registry") for kind, at in rows if at]
        registered += facts
        told += [fact for fact in facts if _part(fact) not in parts]
    by_session: dict[str, list[Fact]] = defaultdict(list)
    for fact in told:
        by_session[fact.session].append(fact)
    runs = [run for session, facts in by_session.items() for run in _runs(session, sorted(facts, key=lambda fact: fact.at))]
    of_log = [run for run in runs if run.facts[0].file != "registry"]
    of_registry = [run for run in runs if run.facts[0].file == "registry"]
    return Known(
        history,
        written,
        runs,
        in_log,
        max(fact.at for fact in written),
        max((fact.at for fact in registered), default=0),
        _says_ends(of_log),
        True if registered else _says_ends(of_registry),
    )


def _part(fact: Fact) -> str:
    return "start" if fact.kind in STARTS else "end" if fact.kind in ENDS else "other"


def _says_ends(runs: list[Run]) -> bool:
    ended = sum(run.end is not None for run in runs)
    return ended > 0 and ended * 20 >= len(runs)


def _runs(session: str, facts: list[Fact]) -> Iterator[Run]:
    run, over = Run(session, 1), False
    for fact in facts:
        if fact.kind in STARTS and over:
            yield run
            run, over = Run(session, run.number + 1), False
        over = over or fact.kind in ENDS
        run.facts.append(fact)
    yield run


def expected(history: History) -> Counter[tuple[str, str, str]]:
    """How often each detector must speak of each session and resource of a history."""
    from tests.lifecycles import oracle_locks, oracle_logs

    rules: dict[str, Callable[[Known], Iterator[Row]]] = SESSIONS | oracle_locks.LOCKS | oracle_logs.LOGS
    seen = known(history)
    return Counter((name, *row) for name, rule in rules.items() for row in rule(seen))


def orphan(k: Known) -> Iterator[Row]:
    """D1: no end, and not seen for an hour before the log ends, where ends are logged."""
    for run in k.runs:
        if k.status(run) == "ORPHANED":
            yield run.session, ""


def source_never_ends(k: Known) -> Iterator[Row]:
    """D2: five sessions or more and fewer than one end in twenty: said once."""
    runs = [run for run in k.runs if run.facts[0].file != "registry"]
    if not k.logs_end and len(runs) >= 5 and sum(run.end is not None for run in runs) * 20 < len(runs):
        yield "", ""


def beat_gap(k: Known) -> Iterator[Row]:
    """D3: a gap between two beats that is longer than ten minutes and than six usual gaps of the agent (the simulated trackers declare no interval)."""
    gaps: dict[str, list[int]] = defaultdict(list)
    seen: list[tuple[Run, int]] = []
    for run in k.runs:
        over = next((n for n, fact in enumerate(run.facts) if fact.kind in ENDS), len(run.facts))
        beats = sorted({fact.at for fact in run.facts[:over] if fact.kind == "session.heartbeat"})
        mine = [after - before for before, after in itertools.pairwise(beats)]
        gaps[_agent(run)] += mine
        seen += [(run, gap) for gap in mine]
    for run, gap in seen:
        usual = gaps[_agent(run)]
        if len(usual) >= 2 and gap > 10 * MINUTE and gap > 6 * median(usual):
            yield run.session, ""


def _agent(run: Run) -> str:
    return next((fact.agent for fact in run.facts if fact.agent), f"none of {run.facts[0].file}")


def never_beat(k: Known) -> Iterator[Row]:
    """D4: a start, and nothing else in five minutes and more."""
    for run in k.runs:
        if len(run.facts) == 1 and run.start and run.facts[0].file != "registry" and k.now - run.last > 5 * MINUTE:
            yield run.session, ""


def zombie(k: Known) -> Iterator[Row]:
    """D5: something after the end, by more than the clock shows, and no start between."""
    for run in k.runs:
        if run.end and any(f.kind not in ENDS and f.at > run.end.at + 2 * k.history.res for f in run.facts):
            yield run.session, ""


LIVE = ("REGISTERED", "ACTIVE", "IDLE", "WAITING", "PAUSED", "HANDING_OVER")
LEGAL = {
    ("REGISTERED", "ACTIVE"), ("ACTIVE", "IDLE"), ("IDLE", "ACTIVE"), ("ACTIVE", "WAITING"), ("WAITING", "ACTIVE"), ("ACTIVE", "PAUSED"),
    ("PAUSED", "ACTIVE"), ("IDLE", "PAUSED"), ("PAUSED", "IDLE"), ("ACTIVE", "HANDING_OVER"), ("ENDED", "ACTIVE"), ("CRASHED", "ACTIVE"),
} | {(live, over) for live in (*LIVE, ) if live != "HANDING_OVER" for over in ("ENDED", "CRASHED", "EXPIRED")} | {
    ("HANDING_OVER", over) for over in ("ENDED", "CRASHED", "EXPIRED")
}  # fmt: skip


def illegal_transition(k: Known) -> Iterator[Row]:
    """D6: a change that the model does not know; a way over ACTIVE may be unlogged; an end needs a start."""
    by_session: dict[str, list[Fact]] = defaultdict(list)
    for run in k.runs:
        by_session[run.session] += run.facts
    for session, facts in by_session.items():
        before = None
        for n, fact in enumerate(facts):
            if fact.from_state and fact.to_state and (fact.from_state, fact.to_state) not in LEGAL:
                yield session, ""
            state = _state(fact, first=not any(f.kind in STARTS for f in facts[:n]))
            if state is None:
                continue
            named = fact.from_state == before and fact.to_state == state
            if before and before != state and not named and _broken(before, state, fact):
                yield session, ""
            before = state
    runs = [run for run in k.runs if run.facts[0].file != "registry"]
    started = sum(run.start is not None for run in runs)
    for run in runs:
        if run.number == 1 and run.end and not run.start and started * 10 >= len(runs) * 9:
            yield run.session, ""


def _state(fact: Fact, *, first: bool) -> str | None:
    if fact.kind == "session.register":
        return "REGISTERED" if first else None
    if fact.kind == "session.state":
        return fact.to_state if fact.to_state in LIVE else None
    told = {
        "session.start": "ACTIVE",
        "session.resume": "ACTIVE",
        "session.wait": "WAITING",
        "session.handoff_offer": "HANDING_OVER",
    } | TERMINAL
    return told.get(fact.kind)


def _broken(before: str, state: str, fact: Fact) -> bool:
    if before in ("ENDED", "CRASHED", "EXPIRED"):
        # what is alive after an end is a zombie, unless it began anew; the expired never come back
        if fact.kind in STARTS:
            return before == "EXPIRED"
        return fact.kind in ENDS
    return (before, state) not in LEGAL and not {(before, "ACTIVE"), ("ACTIVE", state)} <= LEGAL


def duplicate_id(k: Known) -> Iterator[Row]:
    """D7: a second start while the first is open; or beats of two processes that overlap."""
    for run in k.runs:
        open_since, over = None, False
        writers: dict[tuple[object, object], list[int]] = defaultdict(list)
        for fact in run.facts:
            if (
                fact.kind == "session.start"
                and open_since is not None
                and not over
                and k.logs_end
                and fact.at > run.begin + k.history.res
            ):
                yield run.session, ""
            if fact.kind in STARTS and open_since is None:
                open_since = fact.at
            over = over or fact.kind in ENDS
            if fact.kind == "session.heartbeat" and (fact.host or fact.pid):
                writers[fact.host, fact.pid].append(fact.at)
        spans = [(min(times), max(times)) for times in writers.values() if len(times) >= 2]
        together = (min(a[1], b[1]) - max(a[0], b[0]) > k.history.res for n, a in enumerate(spans) for b in spans[n + 1 :])
        if any(together):
            yield run.session, ""


def twin_start(k: Known) -> Iterator[Row]:
    """D8: two starts of an agent in a workspace within ten seconds, and one of the two idle."""
    starts: dict[tuple[str, str], list[tuple[int, Run]]] = defaultdict(list)
    for run in k.runs:
        for fact in run.facts:
            if fact.kind in ("session.start", "session.register") and fact.agent and fact.file != "registry":
                starts[fact.agent, fact.workspace or ""].append((fact.at, run))
    for told in starts.values():
        told.sort(key=lambda one: one[0])
        for (before, a), (after, b) in itertools.pairwise(told):
            busy = [any(_part(fact) == "other" for fact in run.facts) for run in (a, b)]
            if a.session != b.session and after - before < 10 * SECOND and busy[0] != busy[1]:
                yield b.session, ""


def crash_loop(k: Known) -> Iterator[Row]:
    """D16: five starts of an agent within ten minutes, half of them without a good end, half of them shorter than two minutes."""
    starts: dict[tuple[str, str], list[tuple[int, Run]]] = defaultdict(list)
    for run in k.runs:
        for fact in run.facts:
            if fact.kind in ("session.start", "session.resume") and fact.agent:
                starts[fact.agent, fact.workspace or ""].append((fact.at, run))
    for told in starts.values():
        told.sort(key=lambda one: one[0])
        dense = {m for n in range(len(told) - 4) if told[n + 4][0] - told[n][0] <= 10 * MINUTE for m in range(n, n + 5)}
        for group in _runs_of_numbers(sorted(dense)):
            runs = [told[n] for n in group]
            lengths = [(run.end.at if run.end else run.last) - at for at, run in runs]
            bad = sum(run.number > 1 or (k.logs_end and not (run.end and run.end.kind == "session.end")) for _, run in runs)
            if median(lengths) < 2 * MINUTE and bad * 2 >= len(runs):
                yield runs[-1][1].session, ""


def _runs_of_numbers(numbers: list[int]) -> Iterator[list[int]]:
    group: list[int] = []
    for number in numbers:
        if group and number != group[-1] + 1:
            yield group
            group = []
        group.append(number)
    if group:
        yield group


def handover_lost(k: Known) -> Iterator[Row]:
    """D27: an offer that no other session accepts within an hour, and no next session names the one that offered."""
    for offer in k.facts:
        if offer.kind != "session.handoff_offer" or k.now <= offer.at + HOUR:
            continue
        taken = any(
            (fact.kind == "session.handoff_accept" or (fact.kind in STARTS and fact.previous == offer.session))
            and fact.session != offer.session
            and offer.at <= fact.at <= offer.at + HOUR
            for fact in k.facts
        )
        if not taken:
            yield offer.session, ""


def censored_end(k: Known) -> Iterator[Row]:
    """D28: three sessions of one length of ten minutes and more, on a clock finer than a second; or ends that a reaper or a limit set."""
    for registry in (False, True):
        runs = [run for run in k.runs if (run.facts[0].file == "registry") is registry and run.end]
        lengths = Counter(run.end.at - run.begin for run in runs if run.end)
        fine = registry or k.history.res < SECOND
        for length, n in lengths.items():
            if n >= 3 and length >= 10 * MINUTE and fine:
                yield "", ""
        if any(run.end and (run.end.kind == "session.expire" or _set_by_others(run.end.reason)) for run in runs):
            yield "", ""


def _set_by_others(reason: str | None) -> bool:
    return bool(reason) and (reason in ("timeout", "reaped") or "auto-clos" in str(reason))


SESSIONS: dict[str, Callable[[Known], Iterator[Row]]] = {
    rule.__name__: rule
    for rule in (
        orphan, source_never_ends, beat_gap, never_beat, zombie, illegal_transition, duplicate_id, twin_start, crash_loop, handover_lost,
        censored_end,
    )
}  # fmt: skip
