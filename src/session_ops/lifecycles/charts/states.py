"""How long sessions stay in each state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.look import GREY, INK, RED, STATES, clock, many, nothing, styled

if TYPE_CHECKING:
    from session_ops.case import Case


def states(case: Case) -> pd.DataFrame:
    """One row per state: stretches of time in it, quartiles of their lengths and their sum in seconds, and anomalies seen in it."""
    return frames.charted(case, "states")


def plot_states(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Lengths of the stretches in each state: a line from the shortest to the longest, a box for the middle half. Takes `states`."""
    with styled(ax) as axes:
        axes.set_title("How long sessions stay in a state")
        if not len(frame):
            return nothing(axes, "no states")
        floor = max(frame.attrs.get("resolution_s", 0.0), 1.0 if frame["longest_s"].max() >= 10 else 1e-3)
        low, high = max(float(frame["shortest_s"].min()), floor), max(float(frame["longest_s"].max()), floor * 2)
        log = high / low > 50
        for row, one in enumerate(frame.itertuples()):
            seen = [
                max(float(value), floor if log else 0.0)
                for value in (one.shortest_s, one.lower_s, one.median_s, one.upper_s, one.longest_s)
            ]
            colour = STATES.get(one.state, GREY)
            axes.plot([seen[0], seen[4]], [row, row], color=colour, linewidth=1.6, zorder=2)
            axes.plot(seen[0::4], [row, row], "|", color=colour, markersize=9, markeredgewidth=1.6, zorder=2)
            axes.barh(row, seen[3] - seen[1], left=seen[1], height=0.46, color=colour, zorder=3)
            axes.plot([seen[2], seen[2]], [row - 0.3, row + 0.3], color=INK, linewidth=2, zorder=4)
            unfinished = f", {one.unfinished:,} not left" if one.unfinished else ""
            axes.text(1.01, row, f"{many(one.spans, 'time')}{unfinished}, {look.length(one.total_s)} in all", va="center", fontsize=8.5,
                      transform=axes.get_yaxis_transform())  # fmt: skip
            if one.anomalies:
                axes.text(1.01, row + 0.3, f"▼ {one.anomalies:,} anomalies meanwhile" if one.anomalies > 1 else "▼ 1 anomaly meanwhile",
                          va="center", fontsize=8, color=RED, transform=axes.get_yaxis_transform())  # fmt: skip
        axes.set_yticks(np.arange(len(frame)), [state.lower().replace("_", " ") for state in frame["state"]])
        axes.tick_params(axis="y", length=0)
        spare = max(3 - len(frame), 0) / 2  # one bar alone does not fill the picture
        axes.set_ylim(len(frame) - 0.4 + spare, -0.6 - spare)
        if log:
            axes.set_xscale("log")
            axes.set_xlim(low / 1.3, high * 1.3)
            look.log_lengths(axes.xaxis, low, high)
        else:
            axes.set_xlim(0, high * 1.03)
            look.lengths(axes.xaxis, high)
        axes.set_xlabel(
            f"length of each stay{' (log scale)' if log else ''}: shortest, middle half, median, longest; "
            f"one that was not left is as long as it was seen\n{clock(frame)}"
        )
        axes.grid(axis="x")
        return axes


def states_text(frame: pd.DataFrame) -> str:
    """The states in a sentence."""
    parts = [f"{one.state.lower().replace('_', ' ')} {look.length(one.total_s)} in {many(one.spans, 'stay')}, median {look.length(one.median_s)}"
             for one in frame.itertuples()]  # fmt: skip
    return f"Time in each state: {'; '.join(parts)}." if parts else "No states."
