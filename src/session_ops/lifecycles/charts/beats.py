"""The gaps between heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.look import BLUE, RED, clock, legend, many, nothing, styled
from session_ops.lifecycles.timeaxis import TimeAxis

if TYPE_CHECKING:
    from session_ops.case import Case


def beats(case: Case) -> pd.DataFrame:
    """Gaps between one session's heartbeats: when they ended, how long they were, how many look the same, and whether `beat_gap` found
    them too long.
    """
    return frames.charted(case, "beats")


def plot_beats(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Each gap at the time at which the next beat came; larger dots are several; what was found too long is red. Takes `beats`."""
    with styled(ax) as axes:
        total, wrong = int(frame["n"].sum()), int(frame.loc[frame["too_long"], "n"].sum())
        axes.set_title(f"Gaps between heartbeats: {total:,}" + (f", of them {wrong:,} too long" if wrong else ""))
        if not total:
            return nothing(axes, "no session has two heartbeats")
        gaps = frame["gap_s"].to_numpy(dtype=float)
        at = frame["ts_ns"].to_numpy()
        axis = TimeAxis(at - (gaps * 1e9).astype("int64"), at)
        axis.cuts = []  # a gap is no idle time
        dot = float(np.clip(9000 / len(frame), 1.2, 9))
        for long, colour in ((False, BLUE), (True, RED)):
            here = (frame["too_long"] == long).to_numpy()
            size = dot * (1 + np.log2(frame["n"].to_numpy(dtype=float)[here]))
            axes.scatter(axis.places(at[here]), gaps[here], s=size + 1.5 * dot * long, color=colour, alpha=0.55 if not long else 0.9,
                         marker="v" if long else "o", linewidths=0, zorder=2 + long)  # fmt: skip
        axes.set_yscale("log")
        low, high = max(gaps.min(), 1e-3), max(gaps.max(), gaps.min() * 2)
        axes.set_ylim(low / 1.4, high * 1.4)
        look.log_lengths(axes.yaxis, low, high)
        axes.set_ylabel("gap before the beat (log scale)")
        axis.finish(axes, clock(frame))
        axes.grid(axis="y")
        middle = _median(frame)
        axes.axhline(middle, color=BLUE, linewidth=1, linestyle="--")
        handles = [
            Line2D(
                [], [], marker="o", color=BLUE, linestyle="", markersize=4, label=f"gap ({total - wrong:,}); larger: several"
            ),
            Line2D([], [], color=BLUE, linewidth=1, linestyle="--", label=f"median {look.length(middle)}"),
        ]
        found = Line2D([], [], marker="v", color=RED, linestyle="", markersize=5.5, label=f"too long: anomaly ({wrong:,})")
        legend(axes, handles + ([found] if wrong else []))
        return axes


def beats_text(frame: pd.DataFrame) -> str:
    """The gaps in a sentence."""
    if not len(frame):
        return "No session has two heartbeats."
    wrong = int(frame.loc[frame["too_long"], "n"].sum())
    return (
        f"{many(int(frame['n'].sum()), 'gap')} between heartbeats: median {look.length(_median(frame))}, "
        f"longest {look.length(frame['gap_s'].max())}; {wrong:,} of them too long."
    )


def _median(frame: pd.DataFrame) -> float:
    ordered = frame.sort_values("gap_s")
    reached = ordered["n"].cumsum()
    return float(ordered.loc[reached >= (reached.iloc[-1] + 1) // 2, "gap_s"].iloc[0])
