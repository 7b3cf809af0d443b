"""How many events, rejects and anomalies there are over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.look import BLUE, INK, SEVERITIES, clock, legend, many, nothing, styled
from session_ops.lifecycles.timeaxis import TimeAxis

if TYPE_CHECKING:
    from session_ops.case import Case

SORTS = {"lifecycle": "#004488", "activity": BLUE, "heartbeats": "#66ccee", "locks": "#ccbb44", "other": "#bbbbbb"}
"""Sorts of events and their colours: starts, ends and states; work; beats; locks; what else is logged."""


def rate(case: Case) -> pd.DataFrame:
    """Events by sort, rejects and anomalies by severity, in 200 slices of time. A reject counts where the event before it stands."""
    return frames.charted(case, "rate")


def plot_rate(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Events in each slice of time, stacked by sort; rejects below the line, anomalies above the picture. Takes `rate`."""
    with styled(ax) as axes:
        events, rejects = int(frame[list(SORTS)].to_numpy().sum()), int(frame["rejects"].sum())
        axes.set_title(f"Events over time: {many(events, 'event')}, {many(rejects, 'reject')}")
        if not events:
            return nothing(axes, "no events with a time")
        since = frame["from_ns"].to_numpy()
        width = round(frame["width_s"].iloc[0] * 1e9)
        axis = TimeAxis([since[0]], [since[-1] + width])
        edges = axis.places([*since, since[-1] + width])
        low = np.zeros(len(frame))
        for sort, colour in SORTS.items():
            if frame[sort].any():
                top = low + frame[sort].to_numpy()
                axes.stairs(top, edges, baseline=low, fill=True, color=colour, label=f"{sort} ({int(frame[sort].sum()):,})")
                low = top
        depth = 0.0
        if rejects:
            down = frame["rejects"].to_numpy() * min(low.max() * 0.3 / frame["rejects"].max(), 1.0)
            axes.stairs(-down, edges, fill=True, color=INK, label=f"rejects ({rejects:,})")
            axes.axhline(0, color=INK, linewidth=0.6)
            depth = down.max() * 1.1
        axes.set_ylim(-depth, low.max() * 1.06)
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 0 else "")
        axes.set_ylabel(f"events in each {look.length(frame['width_s'].iloc[0])}")
        below = f"; rejects hang below the line, at most {int(frame['rejects'].max()):,} in a slice" if rejects else ""
        axis.finish(axes, clock(frame) + below)
        axes.grid(axis="y")
        handles = axes.get_legend_handles_labels()[0]
        middles = np.concatenate([np.repeat((edges[1:] + edges[:-1]) / 2, frame[name]) for name in SEVERITIES])
        names = np.concatenate([np.repeat(name, int(frame[name].sum())) for name in SEVERITIES])
        legend(axes, handles + look.rug(axes, middles, names))
        return axes


def rate_text(frame: pd.DataFrame) -> str:
    """The rate in a sentence."""
    if not len(frame):
        return "No events with a time."
    every = frame[list(SORTS)].sum(axis=1)
    first = pd.Timestamp(int(frame["from_ns"][every.idxmax()]), unit="ns")
    most = f"at most {int(every.max()):,} in {look.length(frame['width_s'].iloc[0])} (from {first:%Y-%m-%d %H:%M} UTC)"
    return f"{many(int(every.sum()), 'event')} over time, {most}; {many(int(frame['rejects'].sum()), 'reject')}."
