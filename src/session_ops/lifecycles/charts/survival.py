"""How long sessions last, with those that have no end counted as long as they were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.look import BLUE, INK, RED, clock, legend, nothing, styled

if TYPE_CHECKING:
    from session_ops.case import Case


def survival(case: Case) -> pd.DataFrame:
    """The share of sessions that last longer than so many seconds (Kaplan and Meier), its variance (Greenwood), and at each length how
    many sessions were at risk, ended, or were censored: seen so long, with no end of their own.
    """
    return frames.charted(case, "survival")


def plot_survival(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of sessions still running, with a 95 % band; a tick for each length at which sessions are censored. Takes `survival`."""
    with styled(ax) as axes:
        n, ended = int(frame[["ended", "censored"]].to_numpy().sum()), int(frame["ended"].sum())
        axes.set_title(f"Sessions still running after a time: {n:,}, of them {ended:,} ended, {n - ended:,} censored")
        if not n:
            return nothing(axes)
        seconds, share = frame["seconds"].to_numpy(dtype=float), frame["share"].to_numpy(dtype=float)
        floor = max(frame.attrs.get("resolution_s", 0.0), 1.0 if seconds.max() >= 10 else 1e-3)
        seen = np.maximum(seconds, floor)
        log = seen.max() / seen.min() > 50
        x, y = np.concatenate([[seen.min() / 1.3 if log else 0.0], seen]), np.concatenate([[1.0], share])
        half = 1.96 * share * np.sqrt(frame["variance"].to_numpy(dtype=float))
        low, high = np.clip(share - half, 0, 1), np.clip(share + half, 0, 1)
        low, high = np.concatenate([[1.0], low]), np.concatenate([[1.0], high])
        shown = look.thinned(np.log(x) if log else x, y, low, high)
        axes.fill_between(x[shown], low[shown], high[shown], step="post", color=BLUE, alpha=0.16, linewidth=0)
        axes.step(x[shown], y[shown], where="post", color=BLUE, linewidth=1.6, label="share still running, with 95 % band")
        gone = (frame["censored"] > 0).to_numpy()
        if gone.any():
            axes.plot(
                seen[gone],
                share[gone],
                "|",
                color=INK,
                alpha=look.faint(int(gone.sum())),
                markersize=7,
                zorder=1,
                label=f"censored: no end of its own seen ({n - ended:,})",
            )
        wrong = (frame["with_anomaly"] > 0).to_numpy()
        if wrong.any():
            axes.plot(seen[wrong], share[wrong], "v", color=RED, alpha=look.faint(int(wrong.sum())), markersize=4.5, markeredgewidth=0,
                      label=f"with an anomaly ({int(frame['with_anomaly'].sum()):,})")  # fmt: skip
        half_at = np.flatnonzero(share <= 0.5)
        if len(half_at):
            axes.axvline(
                seen[half_at[0]],
                color=RED,
                linewidth=1.1,
                linestyle="--",
                label=f"half have ended: {look.length(seconds[half_at[0]])}",
            )
        if log:
            axes.set_xscale("log")
            axes.set_xlim(x[0], seen.max() * 1.1)
            look.log_lengths(axes.xaxis, seen.min(), seen.max())
        else:
            axes.set_xlim(0, seen.max() * 1.02)
            look.lengths(axes.xaxis, seen.max())
        axes.set_ylim(0, 1.04)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylabel("sessions still running")
        axes.set_xlabel(
            f"time since the start{' (log scale)' if log else ''}; an end counts before a censoring at the same length\n{clock(frame)}"
        )
        axes.grid(axis="y")
        legend(axes, axes.get_legend_handles_labels()[0])
        return axes


def survival_text(frame: pd.DataFrame) -> str:
    """The curve in a sentence."""
    if not len(frame):
        return "No lengths of sessions."
    half = frame[frame["share"] <= 0.5]
    said = (
        f"half have ended after {look.length(half['seconds'].iloc[0])}"
        if len(half)
        else "fewer than half are known to have ended"
    )
    ended, censored = int(frame["ended"].sum()), int(frame["censored"].sum())
    return f"Survival curve of {ended + censored:,} sessions, {ended:,} ended and {censored:,} censored: {said}."
