"""What the logs show, joined to the code that writes that state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from session_ops.diagnosis.phase import Cause
from session_ops.discovery.references import References
from session_ops.lifecycles.phase import SHOWN, AnomalyRow
from session_ops.model import Category, Finding

CATEGORIES: frozenset[Category] = frozenset(
    ("state", "lock", "heartbeat", "liveness", "cleanup", "interactive", "error-handling", "ipc")
)
"""Kinds of findings that can leave a session open, a record torn or a lock stolen. What else is wrong in a file has no part in it."""


LETS: dict[str, tuple[str, ...]] = {
    "claim_while_held": (
        "LOCK-TOCTOU",
        "LOCK-AGE",
        "LOCK-SWEEP",
        "LOCK-INPROCESS",
        "LOCK-UNLINK",
        "LOCK-UNTAKEN",
        "LOCK-DROPPED",
    ),
    "release_by_other": ("LOCK-OWNER", "LOCK-SWEEP"),
    "double_release": ("LOCK-OWNER", "LOCK-SWEEP"),
    "lease_overrun": ("LOCK-AGE",),
    "stuck_lock": ("LOCK-NORELEASE", "CLEAN-HOLDS", "TRAP-UNSET", "TRAP-DROPPED", "HEADLESS-PROMPT"),
    "orphan": ("BEAT-ORPHAN", "CLEAN-HOLDS", "TRAP-UNSET", "TRAP-DROPPED", "HEADLESS-PROMPT", "REF-HOOK", "CLEAN-LEFT"),
    "leftovers": ("CLEAN-LEFT", "CLEAN-HOLDS", "CLEAN-TMP", "TRAP-UNSET", "TRAP-DROPPED"),
    "zombie": ("LIVE-REVIVE", "BEAT-ORPHAN"),
    "never_beat": ("BEAT-NOWRITER", "REF-HOOK"),
    "beat_gap": ("BEAT-LATE", "DOC-BEAT"),
    "illegal_transition": ("LIVE-REVIVE", "STATE-RMW"),
    "torn_records": ("STATE-TORN", "STATE-QUOTE"),
    "append_only_loss": ("STATE-RMW", "STATE-TORN", "STATE-GONE", "STATE-EMPTY"),
    "registry_divergence": ("STATE-RMW", "STATE-EMPTY", "STATE-TORN"),
    "registry_ghost": ("STATE-RMW", "CLEAN-HOLDS"),
    "duplicate_id": ("ID-COLLIDE", "STATE-POINTER"),
    "twin_start": ("ID-COLLIDE", "STATE-POINTER"),
    "overlap": ("STATE-POINTER", "LOCK-TOCTOU"),
    "handover_lost": ("IPC-OVERWRITE",),
    "fenced_out": ("LOCK-AGE", "LOCK-SWEEP"),
    "crash_loop": ("HEADLESS-PROMPT", "HEADLESS-TTY"),
}
"""Detectors, and the rules that find what lets such a thing happen, the likeliest first."""

MAY_LET: dict[str, tuple[str, ...]] = {
    "lock_error_burst": ("LOCK-INPROCESS", "LOCK-DROPPED", "LOCK-UNTAKEN"),
    "censored_end": ("BEAT-LATE", "BEAT-NOWRITER"),
    "transcript_fork": ("STATE-POINTER", "ID-COLLIDE"),
    "source_never_ends": ("REF-HOOK", "TRAP-UNSET", "TRAP-DROPPED"),
}
"""The same where other things, which no rule sees, are as likely: these links are said as possible."""

NOT_LAID: dict[str, str] = {
    "deadlock": "no rule compares the order in which two sessions take several locks",
    "storm": "no rule looks for loops that never pause, and a chatty agent looks the same",
    "duplicate_rows": "agents' own programs write a record again when they stream or resume it; counting it once is the reader's task",
    "time_backwards": "clocks and their order belong to the machines, not to the target's code",
    "clock_skew": "clocks belong to the machines, not to the target's code",
    "zone_shift": "no rule looks at how a script writes its times",
}
"""Detectors whose anomalies are laid to no rule, and why; a finding in the file that writes the log may still be their cause."""


def joined(
    causes: Sequence[Cause], findings: Mapping[str, Finding], anomalies: Sequence[AnomalyRow], references: References
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Causes with the anomalies that the logs show of them, and the texts of those that no cause is known for.

    An anomaly belongs to a cause where a finding is of a kind that lets it happen, or lies in a file that writes the log or state which
    shows it.
    """
    texts = _texts(anomalies)
    writers = {path: _writers(path, references) for path, _ in texts}
    told: set[tuple[str, str]] = set()
    found = []
    for cause in causes:
        files = {findings[one].at.path for one in cause.findings if one in findings and findings[one].category in CATEGORIES}
        here = [findings[one] for one in cause.findings if one in findings]
        mine = {key: _let(key[1], here) for key in texts if files & writers[key[0]] or _let(key[1], here)}
        told.update(mine)
        said = tuple(texts[key] + (_link(key[1], at) if at else "") for key, at in mine.items())
        found.append(replace(cause, anomalies=said) if mine else cause)
    return tuple(found), tuple(text for key, text in texts.items() if key not in told)


def _let(detector: str, findings: Sequence[Finding]) -> Finding | None:
    """The finding that most likely lets it happen."""
    rules = LETS.get(detector) or MAY_LET.get(detector, ())
    fitting = [finding for finding in findings if finding.rule in rules]
    return min(fitting, key=lambda f: (rules.index(f.rule), f.at.path, f.at.line), default=None)


def _link(detector: str, finding: Finding) -> str:
    """Where the code is that lets it happen, and how sure that is: as sure as the finding, and only possible for `MAY_LET`."""
    sure = detector in LETS and finding.confidence != "possible"
    return f"; {finding.at.place} {'lets' if sure else 'may let'} it happen ({finding.rule})"


def _texts(anomalies: Sequence[AnomalyRow]) -> dict[tuple[str, str], str]:
    """One text for each log and detector: the first case, and how many there are."""
    groups: dict[tuple[str, str], list[AnomalyRow]] = {}
    for row in anomalies:
        if not row.undecidable:
            groups.setdefault((row.path or row.source_id, row.detector), []).append(row)
    texts = {}
    for (path, detector), rows in sorted(groups.items()):
        first = min(rows, key=lambda row: (row.ts, row.line))
        more = (
            f" ({'at least ' if len(rows) >= SHOWN else ''}{len(rows)} in all, last at {max(row.ts for row in rows)})"
            if len(rows) > 1
            else ""
        )
        texts[path, detector] = f"{path}: {detector}: {first.text.rstrip('.')}{more}"
    return texts


def _writers(path: str, references: References) -> set[str]:
    """Files of the target that write a path, or the folder that it is in."""
    return {
        r.source for r in references if r.act == "write" and r.target and (r.target == path or path.startswith(r.target + "/"))
    }
