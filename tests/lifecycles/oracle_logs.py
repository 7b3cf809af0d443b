"""The oracle's rules about the logs themselves: their order, clocks, counters, copies and damage, and the registry beside them."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from statistics import median

from tests.lifecycles.oracle import ENDS, STARTS, Known, Row
from tests.lifecycles.simulator import HALF_HOUR, HOUR, MINUTE, SECOND, Fact


def transcript_fork(k: Known) -> Iterator[Row]:
    """D9: a record that two others name as the one before them."""
    children: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in k.facts:
        if fact.uuid and fact.parent:
            children[fact.session, fact.parent].add(fact.uuid)
    yield from ((session, "") for (session, _), uuids in children.items() if len(uuids) > 1)


def storm(k: Known) -> Iterator[Row]:
    """D17: a hundred equal lines (but for digits) of a session within a minute, or half of a log."""
    lines: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    sizes = Counter(fact.file for fact in k.facts)
    for fact in k.facts:
        if fact.message or fact.kind not in ("session.activity", "registry.set"):
            template = re.sub("[0-9a-f]", "", (fact.message or "").lower())
            lines[fact.file, fact.session, fact.kind, template].append(fact.at)
    for (file, session, kind, template), times in lines.items():
        times.sort()
        fast = any(times[n + 99] - times[n] < MINUTE for n in range(len(times) - 99))
        half = bool(template) and kind != "session.heartbeat" and len(times) >= 100 and len(times) * 2 >= sizes[file]
        if fast or half:
            yield session, ""


def torn_records(k: Known) -> Iterator[Row]:
    """D18: lines that cannot be read, said once for a log."""
    if k.history.damage:
        yield "", ""


def append_only_loss(k: Known) -> Iterator[Row]:
    """D19: a counter that skips or goes back, in a log where it otherwise runs on; a write over an older version."""
    counted: dict[str, list[Fact]] = defaultdict(list)
    for fact in k.facts:
        if fact.seq is not None:
            counted[fact.session].append(fact)
    pairs = [pair for facts in counted.values() for pair in itertools.pairwise(facts)]
    runs_on = sum(after.seq - before.seq == 1 for before, after in pairs)
    if len(pairs) >= 5 and runs_on * 10 >= len(pairs) * 8:
        yield from ((after.session, "") for before, after in pairs if after.seq > before.seq + 1 or after.seq < before.seq)
    last = None
    for fact in k.facts:
        if fact.etag:
            if last is not None and fact.prev_etag != last:
                yield fact.session, ""
            last = fact.etag


def registry_divergence(k: Known) -> Iterator[Row]:
    """D20: the log has an end that the registry must know by then and does not, or the other way round; one lacks what the other holds."""
    entries = k.history.registry
    shared = [session for session in entries if session in k.in_log]
    for session in shared:
        entry, facts = entries[session], k.in_log[session]
        ends, starts = ([f.at for f in facts if f.kind in kinds] for kinds in (ENDS, STARTS))
        if _live(entry) and ends and max(ends) >= max(starts, default=0) and max(ends) <= k.registry_now:
            yield session, ""
        if entry["end"] and not ends and starts and k.logs_end and k.now > entry["end"]:
            yield session, ""
    if len(shared) < 3:
        return
    log_runs = [run for run in k.runs if run.facts[0].file != "registry"]
    ended = sum(entry["end"] is not None for entry in entries.values())
    first = min(entry["start"] for entry in entries.values())
    for run in log_runs:
        known = run.session in entries or run.number > 1 or run.start is None
        if (
            not known
            and len(shared) * 2 >= len(log_runs)
            and first <= run.begin < k.registry_now
            and (run.end is None or ended * 2 >= len(entries))
        ):
            yield run.session, ""
    for session, entry in entries.items():
        within = min(fact.at for fact in k.facts) < entry["start"] < k.now
        if session not in k.in_log and within and len(shared) * 2 >= len(entries):
            yield session, ""


def _live(entry: dict[str, object]) -> bool:
    return entry["end"] is None and entry["state"] in ("active", "running")


def registry_ghost(k: Known) -> Iterator[Row]:
    """D22: the registry calls a session live that was last seen, there or in the log, more than an hour before both end."""
    entries = k.history.registry
    shared = any(session in k.in_log for session in entries)
    now = max(k.registry_now, k.now if shared else 0)
    for session, entry in entries.items():
        told = [entry["start"], entry.get("beat") or 0, *(fact.at for fact in k.in_log.get(session, ()))]
        if _live(entry) and k.registry_logs_end and now - max(told) > HOUR:
            yield session, ""


def lock_error_burst(k: Known) -> Iterator[Row]:
    """D21: three errors of a busy lock within a minute in one log; once for each burst."""
    times = sorted(
        f.at for f in k.facts if f.message and re.search("database is locked|SQLITE_BUSY|index.lock.*exists", f.message)
    )
    last = -1
    for n in range(len(times) - 2):
        if times[n + 2] - times[n] <= MINUTE:
            if n > last:
                yield "", ""
            last = n + 2


def leftovers(k: Known) -> Iterator[Row]:
    """D23: a work tree or branch that was made and not removed, by a session that is over for more than five minutes."""
    there: dict[tuple[str, str], Fact] = {}
    for fact in sorted((f for f in k.facts if f.kind == "registry.set"), key=lambda fact: fact.at):
        key = ("worktree", fact.worktree) if fact.worktree else ("branch", fact.branch)
        there[key] = fact
    for (_, name), fact in there.items():
        run = [run for run in k.runs if run.session == fact.session][-1]
        gone = k.status(run) in ("ENDED", "CRASHED", "EXPIRED", "SUPERSEDED", "ORPHANED")
        if fact.word.endswith("created") and gone and k.now - (run.end.at if run.end else run.last) > 5 * MINUTE:
            yield fact.session, name


def time_backwards(k: Known) -> Iterator[Row]:
    """D24: rows earlier than one before them by more than the clock shows; once for each log and clock."""
    for file, host in dict.fromkeys((fact.file, fact.host) for fact in k.facts):
        latest = 0
        for fact in k.facts:
            if (fact.file, fact.host) == (file, host):
                if fact.at < latest - k.history.res:
                    yield "", ""
                    break
                latest = max(latest, fact.at)


def _delays(k: Known) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for fact in k.facts:
        if fact.observed is not None:
            found[fact.file, fact.host].append(fact.observed // 1_000_000 * 1_000_000 - fact.at)
    return found


def _shifted(delays: list[int]) -> bool:
    steps = {round(delay / HALF_HOUR) for delay in delays}
    if len(steps) != 1 or len(delays) < 3:
        return False
    (step,) = steps
    return step != 0 and abs(step) <= 28 and all(abs(delay - step * HALF_HOUR) < 60 * SECOND for delay in delays)


def clock_skew(k: Known) -> Iterator[Row]:
    """D25: the median of what was seen minus what was written is more than a minute, and no shift of zones."""
    yield from (
        ("", "") for delays in _delays(k).values() if len(delays) >= 3 and abs(median(delays)) > MINUTE and not _shifted(delays)
    )


def zone_shift(k: Known) -> Iterator[Row]:
    """D26: all delays are one whole number of half hours; against the registry, the starts."""
    yield from (("", "") for delays in _delays(k).values() if _shifted(delays))
    against = []
    for session, entry in k.history.registry.items():
        starts = [fact.at for fact in k.in_log.get(session, ()) if fact.kind == "session.start"]
        if len(starts) == 1:
            against.append(entry["start"] - starts[0])
    if _shifted(against):
        yield "", ""


def duplicate_rows(k: Known) -> Iterator[Row]:
    """D29: ids of records that are there more than once; once for each kind of id."""
    uuids = Counter(fact.uuid for fact in k.facts if fact.uuid)
    counters = Counter((f.session, f.kind, f.seq, f.at) for f in k.facts if f.seq is not None)
    for ids in (uuids, counters):
        if any(n > 1 for n in ids.values()):
            yield "", ""


LOGS: dict[str, Callable[[Known], Iterator[Row]]] = {
    rule.__name__: rule
    for rule in (
        transcript_fork, storm, torn_records, append_only_loss, registry_divergence, registry_ghost, lock_error_burst, leftovers,
        time_backwards, clock_skew, zone_shift, duplicate_rows,
    )
}  # fmt: skip
