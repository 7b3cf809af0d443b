"""What the snapshots of a probe mean: torn, lost, stolen, left over.

Nothing is assumed about how a tracker stores its state. What one session alone leaves behind says what each of several has to leave:
the files that name it, the records of its heartbeats, and what its end changes. What differs with several is a fault. Since races do not
happen each time, a fault counts where at least half of the trials of one kind show it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from session_ops.discovery.mechanism import kind_of
from session_ops.proof.probe.trial import FAULTS, LINES, Mark, Seen, Trial, filled, marks_of, records, template_of
from session_ops.proof.symptoms import absent_command, complaint

HELD = ("lock", "pid", "heartbeat", "socket")
"""Kinds of state that belong to a living session."""
COMMENT = re.compile(r"(?m)^\s*(?://|/\*)|//[^\n\"]*$")
"""JSON with comments is meant for readers that take them."""
WORD = re.compile(r"[A-Za-z][A-Za-z_-]{1,20}")


@dataclass(frozen=True)
class Verdict:
    """Faults that count, and what was noticed besides. `blind` says why nothing can be said; empty where something can."""

    seen: tuple[Seen, ...] = ()
    notes: tuple[str, ...] = ()
    blind: str = ""
    marks: tuple[str, ...] = ()
    """Files in which a session was recognised."""
    traceless: bool = False
    """One session alone changes no file."""


def start_failed(observed: list[dict[str, Any]]) -> bool:
    """Did the start command fail for one session alone?"""
    return next((run["code"] not in (0, None) for run in observed[0]["runs"] if run["step"] == "start"), False)


def judge(observed: list[dict[str, Any]], commands: dict[str, str], *, elsewhere: bool = False) -> Verdict:
    """The verdict over all trials; the first is one session alone without a lock, the second one alone with it.

    `elsewhere` says that state is kept in a service, where nobody looks: locks that are taken there can be told all the same.
    """
    trials = [Trial.of(seen) for seen in observed]
    alone = [trial for trial in trials if trial.size == 1]
    many = [trial for trial in trials if trial.size > 1]
    solo = alone[0]
    first = ("start",) if "start" in commands else ("make", "lock")
    run = next((run for run in alone[-1].runs if run["step"] in first and run["code"] not in (0, None)), None)
    if run is not None:
        said = solo.normal(run["err"] or run["out"]).strip().splitlines()[-1:]
        how = f"the {run['step']} command fails for one session alone with exit {run['code']}"
        return Verdict(blind=how + (f": {said[0]}" if said else ""))
    marks = list(marks_of(solo, "started"))
    states = solo.texts("ended") | (alone[-1].texts("locked") if "locked" in alone[-1].snapshots else {})
    if not states and not (elsewhere and alone[-1].held[:1] == [[1]]):
        return Verdict(
            blind="one session alone leaves no trace in the copy or its home, so there is no state to look at", traceless=True
        )
    counted: list[Seen] = []
    for size in sorted({trial.size for trial in trials}):
        group = [trial for trial in trials if trial.size == size]
        if size == 1:
            counted += [one for trial in group for one in _of_one(trial, solo, commands)]
            continue
        times = Counter(one for trial in group for one in set(_of_many(trial, solo, alone[-1], marks, commands)))
        counted += [one for one, count in times.items() if 2 * count >= len(group)]
    notes = list(_alone(alone[-1], commands))
    for size in sorted({trial.size for trial in many}):
        group = [trial for trial in many if trial.size == size]
        noticed = Counter(note for trial in group for note in set(_notes(trial, solo)))
        notes += [note for note, count in sorted(noticed.items()) if 2 * count >= len(group)]
    order = {fault: n for n, fault in enumerate(FAULTS)}
    seen = tuple(sorted(set(counted), key=lambda one: (order[one.fault], one.text, one.path)))
    blind = (
        ""
        if marks or seen or any(trial.contests for trial in trials)
        else "its state names no session, so none can be missed in it"
    )
    return Verdict(seen, tuple(dict.fromkeys(notes)), blind, tuple(sorted({mark.path for mark in marks})))


# what one session leaves behind


def _of_one(trial: Trial, solo: Trial, commands: dict[str, str]) -> Iterator[Seen]:
    """Faults that need no second session."""
    for moment in trial.snapshots:
        yield from _torn(trial, moment, solo, alone=True)
    with_lock = " that holds a lock" if trial.contests and trial.held[0] else ""
    ended = trial.codes("end", 1)
    works = solo.codes("end", 1) == [0]
    if with_lock and ended and ended[0] != 0 and works:
        how = f"exit {ended[0]}" if ended[0] is not None else "no end in time"
        yield Seen("fails", f"the end of a session{with_lock} fails without a terminal ({how})")
    for step in ("beat", "lock", "end"):
        run = next((run for run in trial.runs if run["step"] == step), None)
        said = complaint(run["err"]) if run is not None and run["code"] and not (with_lock and step == "end") else ""
        if run is not None and said and not absent_command(run["err"]):
            yield Seen("fails", f"the {step} of one session alone breaks off: {trial.normal(said)[:160]}")
    if "end" in commands and works:
        yield from _left_over(trial, with_lock)


def _left_over(trial: Trial, with_lock: str) -> Iterator[Seen]:
    words = trial.words(1)
    for path, what in trial.texts("ended").items():
        kind = kind_of(path)
        if kind not in HELD or not what["new"]:
            continue
        text = what.get("text", "")
        named = any(word in path for word in (*words.values(), "probe-resource"))
        if what["kind"] == "file" and not text.strip() and not named:
            continue  # an empty lock file may be kept for flock
        if what["kind"] != "file" and not named and not path.endswith(".lock"):
            continue  # the folder that locks or heartbeats lie in
        shown = re.sub(r"\d+", "#", trial.normal(path))
        yield Seen("left over", f"the {kind} file of a session{with_lock} is still there after its end", shown)
    if trial.snapshots["ended"]["worktrees"] > 0:
        yield Seen("left over", "the worktree of a session is still there after its end")


# what several leave behind


def _of_many(trial: Trial, solo: Trial, locked: Trial, marks: list[Mark], commands: dict[str, str]) -> Iterator[Seen]:
    started = [n for n in range(1, trial.size + 1) if "start" not in commands or trial.codes("start", n)[0] in (0, None)]
    for moment in trial.snapshots:
        yield from _torn(trial, moment, solo)
    ids = [trial.ids[n] for n in started if n in trial.ids]
    if len(set(ids)) < len(ids):
        yield Seen("lost", "sessions that start at once are given the same id")
    elif solo.ids and len(ids) < len(started):
        yield Seen("lost", "sessions that start at once are not all given an id")
    yield from _made(trial, solo)
    yield from _missing(trial, started, marks)
    yield from _unrecorded_end(trial, solo, [n for n in started if n != trial.victim])
    yield from _stolen(trial, locked)
    for step in ("beat", "end"):
        alone = locked.codes(step, 1) if trial.contests else solo.codes(step, 1)
        others = [run["code"] for run in trial.runs if run["step"] == step and run["n"] in started and run["n"] != trial.victim]
        if alone and alone[0] == 0 and any(code != 0 for code in others):
            yield Seen("fails", f"the {step} of a session fails beside others, and works alone")


def _made(trial: Trial, solo: Trial) -> Iterator[Seen]:
    """Each session made something of its own."""
    named = [name for name in trial.made if name]
    if len(set(named)) < len(named):
        yield Seen("lost", "things that are made at once are given the same id")
    elif solo.made and all(solo.made) and len(named) < trial.size:
        yield Seen("lost", "of things that are made at once some are not made")


def _missing(trial: Trial, started: list[int], marks: list[Mark]) -> Iterator[Seen]:
    texts = trial.texts("started")
    for mark in marks:
        for n in started:
            words = trial.words(n)
            path = filled(mark.path, words)
            if path is None:
                continue  # its id is not its own: said already
            what = texts.get(path)
            if what is None:
                yield Seen("lost", "a session that started has no file of its own there", mark.path)
                continue
            if what.get("cut") or what["kind"] != "file":
                continue
            text = what.get("text", "")
            if any(kind in words and words[kind] not in text for kind in mark.kinds):
                yield Seen("lost", "a session that started is not in the record", mark.path)
            elif any(kind in words and records(text, words[kind]) < count for kind, count in mark.kinds.items()):
                yield Seen("lost", "of the records of a session some are missing, or name nobody", mark.path)


def _unrecorded_end(trial: Trial, solo: Trial, ended: list[int]) -> Iterator[Seen]:
    """What the end of one session alone changes in its entry has to be changed for each."""
    if solo.codes("end", 1) != [0] or (trial.contests and any(trial.codes("end", n) != [0] for n in ended)):
        return
    before, after = solo.texts("started"), solo.texts("ended")
    words = solo.words(1)
    for path, what in after.items():
        entry, earlier = _entry(what, words), _entry(before.get(path, {}), words)
        if entry is None or earlier is None:
            continue
        changed = {key: _shape(value) for key, value in entry.items() if _shape(value) != _shape(earlier.get(key))}
        template = template_of(path, words)
        for n in ended if changed else []:
            own = trial.words(n)
            where = filled(template, own)
            if where is None:
                continue
            found = _entry(trial.texts("ended").get(where, {}), own)
            if found is None or any(_shape(found.get(key)) != shape for key, shape in changed.items()):
                yield Seen("lost", "the end of a session is not in its record", template)


def _entry(what: dict[str, Any], words: dict[str, str]) -> dict[str, Any] | None:
    """The smallest JSON object that belongs to a session: the value under its id, or the object that holds its id or agent."""
    try:
        data = json.loads(what.get("text", ""))
    except ValueError:
        return None
    names = [words[kind] for kind in ("session", "agent") if kind in words]
    best: dict[str, Any] | None = None
    pending = [data]
    while pending:
        node = pending.pop()
        children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        if isinstance(node, dict):
            keyed = [value for key, value in node.items() if key in names and isinstance(value, dict)]
            if keyed:
                best = keyed[0]
            elif best is None and any(value in names for value in node.values() if isinstance(value, str)):
                best = node
        pending += children
    return best


def _shape(value: Any) -> str:
    """What of a value is the same for every session: a word as it is, of all else only that it is there."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and WORD.fullmatch(value) else "something"


def _stolen(trial: Trial, locked: Trial) -> Iterator[Seen]:
    """Two hold one resource: their lock commands ended with 0 and said what a holder alone is told."""
    if not locked.held or locked.held[0] != [1]:
        return
    told = [locked.normal(run["out"]).strip() for run in locked.runs if run["step"] == "lock"][:1]
    for contest, held in enumerate(trial.held, start=1):
        runs = [run for run in trial.runs if run["step"] == "lock" and run["contest"] == contest and run["n"] in held]
        if sum(trial.normal(run["out"]).strip() in told for run in runs) > 1:
            yield Seen("stolen", "two sessions hold the same lock at once")


def _torn(trial: Trial, moment: str, solo: Trial, *, alone: bool = False) -> Iterator[Seen]:
    """State that does not parse, where that of one session alone does (or, of one alone, where it did before)."""
    known = {template_of(path, solo.words(1)): what for path, what in solo.texts("ended").items()}
    for path, what in trial.texts(moment).items():
        if what["kind"] != "file" or what.get("cut") or what.get("binary") or "text" not in what:
            continue
        template = path
        for n in range(1, trial.size + 1):
            template = template_of(template, trial.words(n))
        template = re.sub(r"\d{4,}", "#", template) if template not in known else template
        whole = path.endswith(".json") and not _parses(what["text"])
        broken = what["new"] and bool(what["text"].strip()) and not COMMENT.search(what["text"])
        before = broken if alone else _parses(known.get(template, {}).get("text", "0"))
        if whole and before:
            yield Seen("torn", "the state does not parse any more", template)
        elif path.endswith(LINES) and not alone:
            bad = sum(not _parses(line) for line in what["text"].splitlines() if line.strip())
            usual = sum(not _parses(line) for line in known.get(template, {}).get("text", "").splitlines() if line.strip())
            if bad > usual:
                yield Seen("torn", "lines of several writers are mixed up in one line", template)


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _alone(trial: Trial, commands: dict[str, str]) -> Iterator[str]:
    """Steps that do not work for one session alone: of them nothing can be said."""
    for step in ("beat", "lock", "end"):
        if step not in commands:
            yield f"no {step} command is known" if step != "lock" else "no command that takes a lock is known"
            continue
        run = next((run for run in trial.runs if run["step"] == step), None)
        if run is not None and run["code"] != 0 and (step != "end" or not trial.contests or not trial.held[0]):
            said = trial.normal(run["err"] or run["out"]).strip().splitlines()[-1:]
            how = f"exit {run['code']}" if run["code"] is not None else "no end in time"
            yield f"the {step} command does not work for one session alone ({how}" + (f": {said[0][:160]})" if said else ")")


def _notes(trial: Trial, solo: Trial) -> Iterator[str]:
    if solo.codes("start") and any(code not in (0, None) for code in trial.codes("start")[: trial.size]):
        yield "some starts are refused while others run"
    after = trial.after
    if after.get("start") not in (0, None):
        yield "after one session was killed a new one cannot start"
    if after.get("lock", 0) != 0 and after.get("lock_after_reap") != 0:
        yield "what a killed session held was not free some seconds later; whether a time limit frees it was not waited for"
