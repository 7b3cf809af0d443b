"""The sessions over time, by agent, state, anomaly and time; one of them with its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from session_ops import show
from session_ops.explore.drawing import BARS, alternative, drawing
from session_ops.explore.panel import Panel, call, joined, menu, said, with_command
from session_ops.lifecycles import frames
from session_ops.lifecycles.stored import tables
from session_ops.model import UsageError
from session_ops.visible import visible

if TYPE_CHECKING:
    import pandas as pd

    from session_ops.case import Case

INSTANTS = 60
"""Steps of the slider over the time of the logs."""
LISTED = 1000
"""Sessions, and agents, that a list offers: a browser stands still with a million. The menus and the slider lead to the others."""
EVENTS = 200
"""Events of one session that are shown."""
_EVENTS = """
SELECT e.ts_ns, e.kind, e.agent_id AS agent, e.resource_id AS resource, e.from_state, e.to_state, e.message, o.path, e.source_line AS line
FROM events e LEFT JOIN sources o ON o.source_id = e.source_id
WHERE e.session_id = $session AND (e.ts_ns IS NULL OR $run = 0 OR e.ts_ns BETWEEN $first AND $last)
ORDER BY e.ts_ns NULLS LAST, e.source_id, e.source_ord
"""


@dataclass(frozen=True)
class Logged:
    """What is drawn: session runs with a `name` that tells them apart, and the anomalies of each."""

    case: Case
    sessions: pd.DataFrame
    anomalies: pd.DataFrame

    @classmethod
    def of(cls, case: Case) -> Logged:
        """The tables of a case."""
        sessions, anomalies = frames.sessions(case), frames.anomalies(case)
        runs = sessions.groupby("session_id")["run_no"].transform("count") if len(sessions) else []
        sessions["name"] = [
            name if many == 1 else f"{name} run {run}"
            for name, run, many in zip(sessions["session_id"], sessions["run_no"], runs, strict=True)
        ]
        return cls(case, sessions, anomalies)

    def chosen(self, agent: str, state: str, anomaly: str, since: str, until: str) -> pd.DataFrame:
        """The session runs that fit; one that runs at any time between `since` and `until` does."""
        kept = self.sessions
        if agent:
            kept = kept[kept["agent_id"] == agent]
        if state:
            kept = kept[kept["status"] == state]
        if anomaly:
            kept = kept[kept["session_id"].isin(self.anomalies.loc[self.anomalies["detector"] == anomaly, "session_id"])]
        if since:
            kept = kept[kept["stop"] >= _instant(since)]
        if until:
            kept = kept[kept["start"] <= _instant(until)]
        return kept

    def events(self, name: str) -> show.Shown:
        """The events of one session run, and what looks wrong with it."""
        import pandas as pd

        row = self.sessions[self.sessions["name"] == name]
        if not len(row):
            raise UsageError(f"session={name!r}: no such session; the names are in explore.timeline_view(case)")
        one = row.iloc[0]
        several = int((self.sessions["session_id"] == one["session_id"]).sum() > 1)
        last = int(one["stop"].value)
        with tables(self.case) as connection:
            given = {"session": one["session_id"], "run": several, "first": int(one["start_ns"]), "last": last}
            found = connection.execute(_EVENTS, given).df()
        found.insert(0, "time", [_clock(ns) for ns in found["ts_ns"]])
        wrong = self.anomalies[self.anomalies["session_id"] == one["session_id"]]
        known = {
            "agent": one["agent_id"], "state": f"{one['status']} ({one['status_confidence']})", "from": _clock(one["start_ns"]),
            "to": f"{_clock(last)}{'' if one['mark'] == 'ended' else ', last seen'}", "events": one["n_events"], "beats": one["n_beats"],
        }  # fmt: skip
        parts = [show.facts(f"Session {name}", {key: value for key, value in known.items() if not pd.isna(value)})]
        if len(wrong):
            parts.append(show.table(wrong, {"detector": "what looks wrong", "resource_id": "resource", "text": "how it shows"}))
        found = found.drop(columns="ts_ns")
        filled = [column for column in found.columns if found[column].astype(bool).any() and found[column].notna().any()]
        return joined(*parts, show.table(found.fillna(""), filled, limit=EVENTS))


def timeline(case: Case) -> Panel:
    """Sessions over time with menus for agent, state and anomaly, a slider over the time, and a list: the one that is clicked shows its events."""
    logged = Logged.of(case)
    frame = logged.sessions
    agent = menu("agent", sorted(frame["agent_id"].dropna().astype(str).value_counts().index[:LISTED]))
    state = menu("state", sorted(frame["status"].unique()))
    anomaly = menu("anomaly", sorted(logged.anomalies["detector"].unique()))
    instants = _instants(frame)
    time = widgets.SelectionRangeSlider(
        options=instants or ["-"], index=(0, max(len(instants) - 1, 0)), description="time", layout={"width": "34em"},
        continuous_update=False, disabled=len(instants) < 2,
    )  # fmt: skip
    session = widgets.Select(options=[("(none)", "")], value="", rows=14, layout={"width": "17em"})

    def draw() -> show.Shown:
        given = {"agent": agent.value, "state": state.value, "anomaly": anomaly.value}
        whole = not instants or tuple(time.value) == (instants[0], instants[-1])
        given |= {} if whole else {"since": time.value[0], "until": time.value[1]}
        names = list(logged.chosen(*(given.get(key, "") for key in ("agent", "state", "anomaly", "since", "until")))["name"])
        few = names[:LISTED]
        none = "(none)" if len(few) == len(names) else f"(none; the first {LISTED:,} of {len(names):,})"
        wanted = [(none, ""), *((visible(name, 60), name) for name in few)]
        if tuple(wanted) != tuple(session.options):
            here = session.value if session.value in few else ""
            session.options, session.value = wanted, here
        return _view(logged, **given, session=session.value)

    return Panel([agent, state, anomaly, time], draw, session)


def timeline_view(
    case: Case, *, agent: str = "", state: str = "", anomaly: str = "", since: str = "", until: str = "", session: str = ""
) -> show.Shown:
    """The sessions that fit as bars over time, and the events of one of them.

    Parameters: `since` and `until` are times such as "2026-11-22 15:03:11" (UTC); `anomaly` names a detector; `session` a session.

    Raises:
        UsageError: a time cannot be read, or there is no such session.
    """
    return _view(Logged.of(case), agent, state, anomaly, since, until, session)


def _view(
    logged: Logged, agent: str = "", state: str = "", anomaly: str = "", since: str = "", until: str = "", session: str = ""
) -> show.Shown:
    given = {"agent": agent, "state": state, "anomaly": anomaly, "since": since, "until": until, "session": session}
    kept = logged.chosen(agent, state, anomaly, since, until)
    if not len(logged.sessions):
        return with_command(said("no sessions"), call("timeline_view", "case", {}))
    if not len(kept):
        return with_command(said(f"none of {len(logged.sessions):,} sessions fits"), call("timeline_view", "case", given))
    picture = show.figure(drawing(kept.head(BARS), session).encode(), alternative(kept))
    rest = f", the first {BARS} are drawn" if len(kept) > BARS else ""
    counted = f"{len(kept):,} of {len(logged.sessions):,} sessions{rest}"
    parts = [show.Shown(picture._repr_html_(), alternative(kept)), said(counted)]
    if session:
        parts.append(logged.events(session))
    return with_command(joined(*parts), call("timeline_view", "case", given))


def _instants(frame: pd.DataFrame) -> list[str]:
    """Evenly spaced seconds from before the first start to after the last sign of life."""
    import pandas as pd

    if not len(frame):
        return []
    first, last = frame["start"].min().floor("s"), frame["stop"].max().ceil("s")
    steps = pd.date_range(first, last, periods=INSTANTS + 1) if last > first else [first]
    return list(dict.fromkeys([*(f"{at:%Y-%m-%d %H:%M:%S}" for at in steps[:-1]), f"{last:%Y-%m-%d %H:%M:%S}"]))


def _instant(text: str) -> Any:
    import pandas as pd

    try:
        at = pd.Timestamp(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time; give one such as '2026-11-22 15:03:11' (UTC)") from None
    return at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")


def _clock(ns: Any) -> str:
    import pandas as pd

    return "" if pd.isna(ns) else f"{pd.Timestamp(int(ns), unit='ns'):%Y-%m-%d %H:%M:%S}"
