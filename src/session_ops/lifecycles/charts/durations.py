"""How long sessions last."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.look import AMBER, BLUE, RED, clock, legend, nothing, styled
from session_ops.lifecycles.detectors import span


def durations(frame: pd.DataFrame) -> pd.DataFrame:
    """Length of each session in seconds, whether it has an end (without one the length is only what was seen), and how many anomalies
    it has. None below zero. Takes `frames.sessions`.
    """
    lengths = frame.loc[frame["seconds"] >= 0, ["session_id", "run_no", "seconds"]].copy()
    lengths["ended"] = frame["mark"] == "ended"
    lengths["anomalies"] = frame["anomalies"]
    lengths.attrs = dict(frame.attrs)
    return lengths


def plot_durations(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How long sessions last, those without an end apart, those with anomalies outlined. Takes `durations`."""
    with styled(ax) as axes:
        axes.set_title("How long sessions last")
        seconds = frame["seconds"].to_numpy(dtype=float)
        if not len(seconds):
            return nothing(axes)
        floor = max(frame.attrs.get("resolution_s", 0.0), 1.0 if seconds.max() >= 10 else 1e-3)
        seen = np.maximum(seconds, floor)
        log = seen.max() / seen.min() > 50
        count = int(np.clip(np.sqrt(len(seen)) * 2, 8, 40))
        if not log:
            seen = seconds
        low, high = seen.min(), seen.max() * 1.001 if seen.max() > seen.min() else max(seen.max(), floor) * 1.5
        bins = np.geomspace(low, high, count + 1) if log else np.linspace(0, high, count + 1)
        ended = frame["ended"].to_numpy(dtype=bool)
        layers = [(ended, BLUE, "ended"), (~ended, AMBER, "no end logged: at least so long")]
        used = [(seen[here], colour, f"{label} ({here.sum():,})") for here, colour, label in layers if here.any()]
        axes.hist([u[0] for u in used], bins=bins.tolist(), stacked=True, color=[u[1] for u in used], label=[u[2] for u in used],
                  edgecolor="white", linewidth=0.6)  # fmt: skip
        wrong = frame["anomalies"].to_numpy() > 0
        if wrong.any():
            axes.hist(
                seen[wrong],
                bins=bins.tolist(),
                histtype="step",
                color=RED,
                linewidth=1.1,
                label=f"with an anomaly ({wrong.sum():,})",
            )
        if log:
            axes.set_xscale("log")
            look.log_lengths(axes.xaxis, low, high)
        else:
            look.lengths(axes.xaxis, high)
        middle = _middle(seconds[ended] if ended.any() else seconds)
        axes.axvline(
            max(middle, floor) if log else middle,
            color=RED,
            linewidth=1.2,
            linestyle="--",
            label=f"median {span(round(middle * 1e9))}",
        )
        under = int((seconds < floor).sum())
        note = f"; {under:,} shorter than {span(round(floor * 1e9))} are in the first bar" if under and log else ""
        axes.set_xlabel(f"length{' (log scale)' if log else ''}\n{clock(frame)}{note}")
        axes.set_ylabel("sessions")
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.grid(axis="y")
        legend(axes, axes.get_legend_handles_labels()[0])
        return axes


def durations_text(frame: pd.DataFrame) -> str:
    """The lengths in a sentence."""
    if not len(frame):
        return "No lengths of sessions."
    ended = frame["ended"].astype(bool)
    used = frame.loc[ended if ended.any() else slice(None), "seconds"]
    low, middle, high = (span(round(value * 1e9)) for value in (used.min(), _middle(used.to_numpy()), used.max()))
    open_ones = f"; {int((~ended).sum())} more have no end" if ended.any() and (~ended).any() else ""
    kind = "sessions that ended" if ended.any() else "sessions, as far as they were seen (none has an end)"
    return f"Lengths of {len(used)} {kind}: {low} to {high}, median {middle}{open_ones}."


def _middle(seconds: Any) -> float:
    """The median, as a length that occurred."""
    return float(np.sort(seconds)[(len(seconds) - 1) // 2])
