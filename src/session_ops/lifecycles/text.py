"""What `logs` prints for people: the sources, the sessions in numbers, what looks wrong, and what was not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from session_ops.lifecycles.detectors import span
from session_ops.lifecycles.numbers import Numbers
from session_ops.lifecycles.phase import AnomalyRow, Document, SourceSummary
from session_ops.visible import one_line

SOURCES, EXAMPLES, FILES = 40, 3, 30
"""So many sources, anomalies of a detector, and files that were not read are shown; the rest is counted."""
WIDTH = 60
"""Characters of a log's name in the table; its end says more than its beginning."""
SECOND = 1_000_000_000


def render(document: Document, written: Sequence[str] = ()) -> str:
    """The text for people; its last character is a line end. `written` are the files that were written."""
    read = [source for source in document.sources if source.status == "read"]
    other = [source for source in document.sources if source.status != "read"]
    blocks = [
        _sources(read),
        _numbers(document.numbers, document.kinds) if read else ["no log could be read: nothing is known of any session"],
        _anomalies(document),
        _undecidable(document.undecidable) if read else [],
        _listed("not read:", [f"{source.path}: {source.reason}" for source in other]),
        _left_out(document),
        [f"written: {name}" for name in written],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _sources(sources: Sequence[SourceSummary]) -> list[str]:
    if not sources:
        return []
    head = ("log", "format", "events", "rejects", "sessions", "first (UTC)", "last (UTC)", "scores")
    rows = [_source(source) for source in sources[:SOURCES]]
    lines = list(_table(head, rows, right={2, 3, 4}))
    if len(sources) > SOURCES:
        more = sources[SOURCES:]
        lines.append(f"and {len(more):,} more logs with {sum(source.events for source in more):,} events")
    about: dict[str, list[str]] = {}
    for source in sources:
        for note in _notes(source):
            about.setdefault(note, []).append(one_line(source.path))
    notes = [f"  {logs[0]}{f' and {len(logs) - 1:,} more' * (len(logs) > 1)}: {note}" for note, logs in about.items()]
    return lines + notes[:FILES] + ([f"  and {len(notes) - FILES:,} more such notes"] if len(notes) > FILES else [])


def _source(source: SourceSummary) -> tuple[str, ...]:
    best = sorted(((score, name) for name, score in source.scores.items() if score and name != source.format_id), reverse=True)
    own = source.scores.get(source.format_id)
    rival = f"{own:.2f}" if own is not None else "given"
    if best:
        rival += f", next {best[0][1]} {best[0][0]:.2f}"
    counts = (f"{source.events:,}", f"{source.rejects:,}", f"{source.sessions:,}")
    name = one_line(source.path)
    name = name if len(name) <= WIDTH else "…" + name[1 - WIDTH :]
    return (name, source.format_id, *counts, source.first_ts[:19], source.last_ts[:19], rival)


def _notes(source: SourceSummary) -> Iterator[str]:
    """What there is to say beyond the table: everything in the reason but the count of records that fit."""
    if source.parts:
        yield f"read in order: {', '.join(one_line(part) for part in source.parts)}"
    if source.zone == "UTC (assumed)":
        yield "its times have no zone: UTC is assumed"
    yield from (one_line(note) for note in source.reason.split("; ") if not note.endswith("of the first records fit"))


def _numbers(numbers: Numbers, kinds: dict[str, int]) -> list[str]:
    n = numbers
    lines = [f"{_counted(n.sessions, 'session')}: {n.ended:,} ended, {n.open:,} without an end"]
    if n.open:
        live = n.open - n.silent - n.orphaned - n.censored
        parts = ((n.orphaned, "orphaned"), (n.silent, "silent"), (n.censored, "in logs that do not tell"), (live, "still live"))
        lines[0] += f" ({', '.join(f'{count:,} {what}' for count, what in parts if count > 0)})"
    if n.longest_s is not None and n.shortest_s is not None and n.median_s is not None:
        lengths = [span(round(value * SECOND)) for value in (n.shortest_s, n.median_s, n.longest_s)]
        lines.append(f"shortest {lengths[0]}, median {lengths[1]}, longest {lengths[2]}; at most {n.max_concurrent:,} at once")
    lines.append(
        f"{_counted(n.events, 'event')}, {_counted(n.rejects, 'reject')}, {n.out_of_order:,} earlier than the one before"
        + (f": {', '.join(f'{name} {count:,}' for name, count in kinds.items())}" if kinds else "")
    )
    return lines


def _anomalies(document: Document) -> list[str]:
    if not document.counts:
        return ["nothing looks wrong, as far as these logs can tell"] if document.numbers.events else []
    lines: list[str] = []
    rows: dict[str, list[AnomalyRow]] = {}
    for row in document.anomalies:
        rows.setdefault(row.detector, []).append(row)
    for name, found in rows.items():
        first = found[0]
        lines.append(f"{name} {document.counts[name]:,}  {first.severity}, {first.confidence}")
        for row in found[:EXAMPLES]:
            where = f"{row.path}:{row.line}: " if row.path and row.line else f"{row.path}: " if row.path else ""
            lines.append(f"  {one_line(where)} {one_line(row.text)}" if where else f"  {one_line(row.text)}")
        if document.counts[name] > EXAMPLES:
            lines.append(f"  and {document.counts[name] - EXAMPLES:,} more")
    return lines


def _undecidable(reasons: dict[str, str]) -> list[str]:
    names: dict[str, list[str]] = {}
    for name, why in reasons.items():
        names.setdefault(why, []).append(name)
    found = [f"  {one_line(why)}: {', '.join(sorted(several))}" for why, several in names.items()]
    return ["cannot be told from these logs:", *found] if found else []


def _left_out(document: Document) -> list[str]:
    if not document.left_out:
        return []
    reasons = Counter(
        one.reason.split(" to ")[0] if one.reason.startswith("a link") else one.reason for one in document.left_out
    )
    said = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    return [f"left out of the folders as no logs: {said}"]


def _listed(title: str, items: Sequence[str]) -> list[str]:
    lines = [f"  {one_line(item, 400)}" for item in items[:FILES]]
    more = [f"  and {len(items) - FILES:,} more"] if len(items) > FILES else []
    return [title, *lines, *more] if lines else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        cells = (
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
