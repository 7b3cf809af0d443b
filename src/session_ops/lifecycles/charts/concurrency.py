"""How many sessions run at once."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from session_ops.lifecycles.charts.look import BLUE, RED, clock, legend, nothing, ns, rug, styled, thinned
from session_ops.lifecycles.timeaxis import TimeAxis


def concurrency(frame: pd.DataFrame) -> pd.DataFrame:
    """How many sessions run from each instant `at` on: half-open intervals, ends counted before starts at the same instant.

    Takes `frames.sessions`.
    """
    spans = frame[frame["stop"] > frame["start"]]
    moves = pd.concat([pd.Series(1, spans["start"]), pd.Series(-1, spans["stop"])])
    steps = moves.groupby(level=0).sum().sort_index().cumsum()
    counted = pd.DataFrame({"at": steps.index, "running": steps.to_numpy()})
    counted.attrs = dict(frame.attrs)
    return counted


def plot_concurrency(frame: pd.DataFrame, ax: Axes | None = None, *, anomalies: pd.DataFrame | None = None) -> Axes:
    """Sessions at once, as steps. Takes `concurrency`; `anomalies` (`frames.anomalies`) are marked along the upper edge."""
    with styled(ax) as axes:
        most = int(frame["running"].max()) if len(frame) else 0
        axes.set_title(f"Sessions at once: at most {most:,}")
        if not most:
            return nothing(axes, "no two events of a session at different times")
        at_ns, running = ns(frame["at"]), frame["running"].to_numpy()
        axis = TimeAxis(at_ns[:-1][running[:-1] > 0], at_ns[1:][running[:-1] > 0])
        at = axis.places(at_ns)
        shown = thinned(at, running)
        axes.fill_between(at[shown], running[shown], step="post", color=BLUE, alpha=0.25, linewidth=0)
        axes.step(at[shown], running[shown], where="post", color=BLUE, linewidth=1.2 if len(at) < 5000 else 0.5)
        peak = frame["running"].idxmax()
        axes.plot(at[peak], most, "o", color=RED, markersize=5, zorder=3)
        right = at[peak] > (at[0] + at[-1]) / 2
        axes.annotate(
            f"{most:,} at {frame['at'][peak]:%Y-%m-%d %H:%M:%S}",
            (at[peak], most),
            xytext=(-8 if right else 8, 5),
            textcoords="offset points",
            ha="right" if right else "left",
            color=RED,
            fontsize=8.5,
        )
        axes.set_ylim(0, most * 1.18 + 0.1)
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_ylabel("sessions at once")
        axis.finish(axes, "an end counts before a start at the same instant; " + clock(frame))
        axes.grid(axis="y")
        if anomalies is not None and (timed := anomalies.dropna(subset=["ts_ns"])).size:
            places = axis.places(timed["ts_ns"].astype("int64").clip(axis.first, axis.last))
            legend(axes, rug(axes, places, timed["severity"]))
        return axes


def concurrency_text(frame: pd.DataFrame) -> str:
    """The sessions at once in a sentence."""
    if not len(frame):
        return "No two events of a session at different times: nothing runs at once."
    peak = frame["running"].idxmax()
    return f"Sessions at once over time: at most {int(frame['running'].max())}, first at {frame['at'][peak]:%Y-%m-%d %H:%M:%S} UTC."
