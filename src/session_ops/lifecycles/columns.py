"""The columns of the table `events` (lifecycles.md 5.1), and the kinds of events."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

COLUMNS = {
    "event_id": "VARCHAR", "source_id": "VARCHAR", "format_id": "VARCHAR", "source_line": "BIGINT", "source_offset": "BIGINT",
    "source_ord": "BIGINT", "ts_ns": "BIGINT", "ts_raw": "VARCHAR", "ts_quality": "VARCHAR", "ts_res_ns": "BIGINT",
    "observed_ns": "BIGINT", "clock_domain": "VARCHAR", "writer_seq": "BIGINT", "session_id": "VARCHAR", "agent_id": "VARCHAR",
    "host": "VARCHAR", "pid": "BIGINT", "workspace": "VARCHAR", "branch": "VARCHAR", "worktree": "VARCHAR",
    "parent_session_id": "VARCHAR", "previous_session_id": "VARCHAR", "kind": "VARCHAR", "phase": "VARCHAR",
    "op_outcome": "VARCHAR", "op_id": "VARCHAR", "from_state": "VARCHAR", "to_state": "VARCHAR", "end_reason": "VARCHAR",
    "resource_kind": "VARCHAR", "resource_id": "VARCHAR", "mode": "VARCHAR", "lease_ns": "BIGINT", "expires_ns": "BIGINT",
    "fence": "BIGINT", "severity": "VARCHAR", "message": "VARCHAR", "attrs": "VARCHAR",
}  # fmt: skip
"""Columns of the table `events`, in order."""
WHOLE_NUMBERS = frozenset(name for name, kind in COLUMNS.items() if kind == "BIGINT")
ENDS = ("session.end", "session.crash", "session.expire")
"""Kinds of events that end a session."""
KINDS = (
    *(
        f"session.{word}"
        for word in [
            "register",
            "start",
            "resume",
            "activity",
            "heartbeat",
            "state",
            "wait",
            "handoff_offer",
            "handoff_accept",
            "end",
            "crash",
            "expire",
        ]
    ),
    *(f"lock.{word}" for word in ["request", "acquire", "renew", "release", "expire", "steal"]),
    "registry.set",
    "note",
)
"""Kinds of events."""
QUALITIES = ("exact", "zone_assumed", "year_assumed", "date_assumed", "order_only")
"""How well the time of an event is known, the best first."""
