"""The timeline: sessions as bars where they can be told apart, as counts of starts and ends where they cannot."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from session_ops.lifecycles.charts.look import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    RED,
    SEVERITIES,
    STATES,
    anomaly_handles,
    clock,
    legend,
    many,
    nothing,
    ns,
    rug,
    short,
    styled,
)  # fmt: skip
from session_ops.lifecycles.timeaxis import TimeAxis

NAMES, ROWS, BARS, LANES, SLICES = 30, 120, 1000, 200, 240
"""Up to so many sessions have a row with a name each; a row each; a bar each, in up to so many lanes. Beyond, starts and ends are counted
in so many slices of time.
"""
MARKS: dict[str, tuple[str, str, str]] = {
    "ended": ("|", INK, "ended"),
    "open": (">", INK, "no end logged, last seen here"),
    "silent": ("X", RED, "gone silent, last seen here"),
}
_ENDS = {"ended": "#555555", "open": COLOURS[1], "silent": RED}


def plot_sessions(
    frame: pd.DataFrame, ax: Axes | None = None, *, spans: pd.DataFrame | None = None, anomalies: pd.DataFrame | None = None
) -> Axes:
    """Sessions over time: a bar from the start to the end, or to the last event; its mark says which. Takes `frames.sessions`.

    Parameters: `spans` (`frames.state_spans`) colours the bars by state; without it, or with one state only, they are coloured by agent.
    `anomalies` (`frames.anomalies`) are marked where and when they were seen; those of no session along the upper edge.
    """
    with styled(ax) as axes:
        frame = frame.sort_values(["start_ns", "session_id", "run_no"]).reset_index(drop=True)
        n = len(frame)
        axes.set_title(f"Sessions over time: {counted(frame) if n else 'the logs tell their order only'}")
        if not n:
            return nothing(axes)
        rows = np.arange(n) if n <= ROWS else _lanes(frame) if n <= BARS else None
        if rows is None or rows.max() >= LANES:
            return _edges(frame, axes, anomalies)
        axis = TimeAxis(frame["start_ns"], ns(frame["stop"]))
        start, stop = axis.places(frame["start_ns"]), axis.places(ns(frame["stop"]))
        half = 0.31 if rows.max() < 40 else 0.42
        colours, agents = _colours(frame)
        stated = spans is not None and len(set(spans["state"])) > 1
        _bars(axes, start, stop, rows, half, [STATES["REGISTERED"]] * n if stated else colours)
        keys = _states(axes, axis, frame, spans, rows, half) if spans is not None and stated else agents
        size = float(np.clip(230 / (rows.max() + 1), 9, 42))
        for mark, (shape, colour, _) in MARKS.items():
            here = (frame["mark"] == mark).to_numpy()
            if here.any():
                width = 0.9 if mark == "silent" else 1.3
                axes.scatter(stop[here], rows[here], marker=shape, s=size, color=colour, linewidths=width, zorder=3)
        spare = max(2 - int(rows.max()), 0) / 2  # one bar alone does not fill the picture
        axes.set_ylim(rows.max() + 0.7 + spare, -0.9 - spare)
        if n <= NAMES:
            axes.set_yticks(rows, [short(name) for name in frame["session_id"]], fontsize=8 if n <= 20 else 6.5)
            axes.set_ylabel("session")
            axes.tick_params(axis="y", length=0)
        else:
            axes.set_ylabel("session, by start" if n <= ROWS else "lane (sessions at once, stacked)")
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axis.finish(axes, clock(frame))
        axes.grid(axis="x", visible=not axis.cuts)
        marked = _anomalies(axes, axis, frame, anomalies, rows, half, size)
        shown = [Line2D([], [], marker=m, color=c, linestyle="", label=f"{t} ({(frame['mark'] == k).sum():,})", markersize=6)
                 for k, (m, c, t) in MARKS.items() if (frame["mark"] == k).any()]  # fmt: skip
        legend(axes, [Patch(color=colour, label=key) for key, colour in keys.items()] + shown + marked)
        return axes


def timeline_text(frame: pd.DataFrame) -> str:
    """The timeline in a sentence."""
    if not len(frame):
        return "No timeline: no event of a session has a time, the logs tell their order only."
    first, last = frame["start"].min(), frame["stop"].max()
    return f"Timeline of {counted(frame)}, from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC."


def counted(frame: pd.DataFrame) -> str:
    """How many sessions, by their marks."""
    marks = frame["mark"].value_counts()
    named = (("ended", "ended"), ("open", "without an end"), ("silent", "gone silent"))
    parts = [f"{int(marks[mark]):,} {text}" for mark, text in named if mark in marks]
    if len(parts) == 1 and len(frame) > 1:
        return f"{many(len(frame), 'session')}, all {parts[0].split(' ', 1)[1]}"
    return f"{many(len(frame), 'session')} ({', '.join(parts)})" if parts else many(len(frame), "session")


def _bars(axes: Axes, start: Any, stop: Any, rows: Any, half: float, colours: Any, edge: float = 0.8) -> None:
    """Bars in one piece: hundreds of patches would take seconds."""
    corners = np.stack(
        [np.column_stack([start, rows - half]), np.column_stack([start, rows + half]),
         np.column_stack([stop, rows + half]), np.column_stack([stop, rows - half])], axis=1,
    )  # fmt: skip
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors=colours, linewidths=edge, zorder=2))


def _states(axes: Axes, axis: TimeAxis, frame: pd.DataFrame, spans: pd.DataFrame, rows: Any, half: float) -> dict[str, str]:
    """The states inside the bars. Returns the colours that were used. A span is cut at its session's end."""
    placed = frame[["session_id", "run_no", "start_ns"]].assign(row=rows, stop_ns=ns(frame["stop"]))
    found = spans.merge(placed, on=["session_id", "run_no"])
    since, to = found["from_ns"].clip(lower=found["start_ns"]), found["to_ns"].clip(upper=found["stop_ns"])
    found = found.assign(since=since, to=to)[to >= since]
    colours = [STATES.get(state, GREY) for state in found["state"]]
    _bars(axes, axis.places(found["since"]), axis.places(found["to"]), found["row"].to_numpy(), half, colours, 0.4)
    there = set(found["state"])
    return {state.lower().replace("_", " "): colour for state, colour in STATES.items() if state in there}


def _anomalies(
    axes: Axes, axis: TimeAxis, frame: pd.DataFrame, anomalies: pd.DataFrame | None, rows: Any, half: float, size: float
) -> list[Any]:
    if anomalies is None or not len(anomalies):
        return []
    row = pd.Series(rows, index=pd.MultiIndex.from_frame(frame[["session_id", "run_no"]])).groupby(level=[0, 1]).first()
    keys = pd.MultiIndex.from_frame(anomalies[["session_id", "run_no"]])
    at = row.reindex(keys).to_numpy()
    timed = anomalies["ts_ns"].notna().to_numpy()
    here = ~np.isnan(at) & timed
    marked = anomalies[here]
    axes.scatter(
        axis.places(marked["ts_ns"].astype("int64").clip(axis.first, axis.last)), at[here] - half, marker="v", s=max(size * 0.8, 20),
        color=[SEVERITIES[s] for s in marked["severity"]], edgecolors="white", linewidths=0.4, zorder=4, clip_on=False,
    )  # fmt: skip
    elsewhere = anomalies[~here & timed]
    rug(axes, axis.places(elsewhere["ts_ns"].astype("int64").clip(axis.first, axis.last)), elsewhere["severity"])
    return anomaly_handles(anomalies["severity"][timed])


def _edges(frame: pd.DataFrame, axes: Axes, anomalies: pd.DataFrame | None) -> Axes:
    """Too many bars to tell apart: starts in each slice of time upwards; ends, or where sessions were last seen, downwards."""
    axis = TimeAxis(frame["start_ns"], ns(frame["stop"]))
    edges = np.linspace(axis.first, axis.last + 1, SLICES + 1).astype("int64")
    axis.cuts = []  # slices are equally long: no gap is cut
    at = axis.places(edges)
    started = np.histogram(frame["start_ns"], edges)[0]
    axes.stairs(started, at, fill=True, color=BLUE, label=f"started ({len(frame):,})")
    below = np.zeros(SLICES)
    for mark, colour in _ENDS.items():
        here = ns(frame.loc[frame["mark"] == mark, "stop"])
        if len(here):
            down = below + np.histogram(here, edges)[0]
            label = f"{MARKS[mark][2].removesuffix(' here')} ({len(here):,})"
            axes.stairs(-down, at, baseline=-below, fill=True, color=colour, label=label)
            below = down
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.yaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    axes.set_ylabel(f"sessions in each of {SLICES} slices\nended or last seen | started")
    axis.finish(axes, clock(frame))
    axes.grid(axis="y")
    handles = axes.get_legend_handles_labels()[0]
    if anomalies is not None and (timed := anomalies.dropna(subset=["ts_ns"])).size:
        handles += rug(axes, axis.places(timed["ts_ns"].astype("int64").clip(axis.first, axis.last)), timed["severity"])
    legend(axes, handles)
    return axes


def _lanes(frame: pd.DataFrame) -> Any:
    """The lowest lane that is free at each session's start; sessions come in the order of their start."""
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    lanes = []
    for start, stop in zip(frame["start_ns"].to_numpy(), ns(frame["stop"]), strict=True):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (max(int(stop), int(start) + 1), lane))
        lanes.append(lane)
    return np.array(lanes)


def _colours(frame: pd.DataFrame) -> tuple[list[str], dict[str, str]]:
    """A colour per agent where there are few; else one for all."""
    agents = frame["agent_id"].dropna()
    ranked = list(agents.value_counts().sort_index().sort_values(ascending=False, kind="stable").index)
    if not 1 < len(ranked) <= len(COLOURS):
        return [BLUE] * len(frame), {}
    chosen = {str(agent): COLOURS[i] for i, agent in enumerate(ranked)}
    return [chosen.get(str(agent), GREY) for agent in frame["agent_id"]], {short(agent): c for agent, c in chosen.items()}
