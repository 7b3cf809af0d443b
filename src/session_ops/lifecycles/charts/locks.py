"""How long resources are held and waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.look import AMBER, BLUE, GREY, SEVERITIES, clock, legend, many, nothing, short, styled

if TYPE_CHECKING:
    from session_ops.case import Case

SHOWN = 15
"""So many resources have a row each: those that were waited for longest, then those that were held longest."""


def locks(case: Case) -> pd.DataFrame:
    """One row per resource: holds and waits, by how many sessions, their time in seconds, and anomalies."""
    return frames.charted(case, "locks")


def plot_locks(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Time held to the right, time waited to the left of each resource's name. Takes `locks`."""
    with styled(ax) as axes:
        more = f"; the {SHOWN} with the longest waits and holds" if len(frame) > SHOWN else ""
        axes.set_title(
            f"Locks: {many(len(frame), 'resource')}, {many(int(frame['holds'].sum()), 'hold')}, {many(int(frame['waits'].sum()), 'wait')}{more}"
        )
        if not len(frame):
            return nothing(axes, "no locks")
        # what looks wrong comes first, so that no anomaly is cut off below the last row
        frame = frame.sort_values(["anomalies"], ascending=False, kind="stable").head(SHOWN)
        frame = frame.sort_values(["waited_s", "held_s"], ascending=False, kind="stable")
        rows = np.arange(len(frame))
        high = max(float(frame[["held_s", "waited_s"]].to_numpy().max()), 1e-3)
        axes.barh(rows, frame["held_s"], color=BLUE, height=0.6, zorder=2)
        axes.barh(rows, -frame["waited_s"], color=AMBER, height=0.6, zorder=2)
        waited = bool(frame["waits"].any())
        for row, one in enumerate(frame.itertuples()):
            left = f", {one.unreleased:,} not given back" if one.unreleased else ""
            axes.text(
                one.held_s + high * 0.01, row, f"{many(one.holds, 'hold')} by {one.holders:,}{left}", va="center", fontsize=8
            )
            if one.waits:
                axes.text(
                    -one.waited_s - high * 0.01,
                    row,
                    f"{many(one.waits, 'wait')} by {one.waiters:,}",
                    va="center",
                    ha="right",
                    fontsize=8,
                )
            if one.anomalies:
                axes.text(0.995, row, f"▼ {one.anomalies:,}", va="center", ha="right", fontsize=8.5, color=SEVERITIES.get(one.severity, GREY),
                          transform=axes.get_yaxis_transform())  # fmt: skip
        axes.set_yticks(rows, [short(name, 34) for name in frame["resource_id"]], fontsize=8.5 if len(frame) < 12 else 7.5)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        axes.set_xlim(
            -float(frame["waited_s"].max()) - (high * 0.22 if waited else high * 0.01),
            float(frame["held_s"].max()) + high * 0.62,
        )
        look.lengths(axes.xaxis, high * (2 if waited else 1))
        axes.xaxis.set_major_formatter(lambda value, _: look.length(abs(value)) if value else "0")
        axes.axvline(0, color="#444444", linewidth=0.8)
        sides = "waited (left) and held (right)" if waited else "held; no waits are logged"
        axes.set_xlabel(
            f"time {sides}, all sessions together; held from the grant to the release, lease end or last sign of life\n{clock(frame)}"
        )
        keys = [Patch(color=BLUE, label="held"), *([Patch(color=AMBER, label="waited")] if waited else [])]
        legend(axes, [*keys, *look.anomaly_handles(np.repeat(frame["severity"].fillna(""), frame["anomalies"]))])
        return axes


def locks_text(frame: pd.DataFrame) -> str:
    """The locks in a sentence."""
    if not len(frame):
        return "No locks."
    held = frame.loc[frame["held_s"].idxmax()]
    said = f"{many(len(frame), 'resource')}; {held['resource_id']} was held longest, {look.length(held['held_s'])} in all"
    waited = frame.loc[frame["waited_s"].idxmax()]
    said += (
        f"; {waited['resource_id']} was waited for longest, {look.length(waited['waited_s'])}"
        if waited["waits"]
        else "; no waits are logged"
    )
    return f"Locks: {said}."
