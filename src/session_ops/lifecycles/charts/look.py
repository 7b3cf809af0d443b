"""How all charts look: style, colours, axes, and the marks of anomalies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from session_ops.lifecycles.detectors import span

SIZE, DPI = (11.0, 4.2), 100
"""Inches and dots per inch: 1100 x 420 pixels, for a report."""
SLICES = 2000
"""Slices of an axis, each thinner than a pixel, of which no more than the outermost points are drawn."""
COLOURS = ("#4477aa", "#ccbb44", "#228833", "#aa3377", "#66ccee", "#997700", "#004488", "#bbbbbb")
"""Paul Tol's bright scheme, in an order that colour-blind readers can tell apart."""
INK, RED, GREY = "#222222", "#bb2222", "#888888"
BLUE, AMBER = COLOURS[0], COLOURS[1]
STATES = {
    "REGISTERED": "#bbbbbb",
    "ACTIVE": "#4477aa",
    "IDLE": "#a6d8ec",
    "WAITING": "#ccbb44",
    "PAUSED": "#997700",
    "HANDING_OVER": "#aa3377",
}
"""The colour of each state."""
SEVERITIES = {"critical": RED, "gap": "#dd7722", "advice": GREY}
"""The colour of an anomaly, the worst first."""
ROUND = (
    *(10.0**n for n in range(-3, 1)),
    5,
    15,
    60,
    300,
    900,
    *(h * 3600.0 for h in (1, 4, 12, 24, 72, 240, 720, 2400, 8760, 87600)),
)
"""Lengths in seconds that people know: the ticks of a logarithmic axis of time."""
STEPS = (
    1e-3,
    1e-2,
    0.1,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    *(h * 3600.0 for h in (1, 2, 6, 12, 24, 72, 240, 720, 2400, 8760)),
)
"""Distances in seconds between the ticks of a linear axis of time."""
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.titlepad": 10,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "axes.labelcolor": "#444444",
}


@contextlib.contextmanager
def styled(ax: Axes | None) -> Iterator[Axes]:
    """The axes to draw on, new ones where none are given, with our style while drawing."""
    with mpl.rc_context(STYLE):
        if ax is None:
            from matplotlib import pyplot as plt

            _, ax = plt.subplots(figsize=SIZE, dpi=DPI, layout="constrained")
        yield ax


def nothing(axes: Axes, what: str = "no sessions with a time") -> Axes:
    """A chart of nothing says so."""
    axes.text(0.5, 0.5, what, ha="center", va="center", transform=axes.transAxes, color=GREY)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def ns(times: pd.Series) -> Any:
    """UTC time stamps as nanoseconds since 1970."""
    return times.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype("int64")


def short(name: str, limit: int = 26) -> str:
    """A name that fits and that matplotlib takes as plain text."""
    name = "".join(c if c.isprintable() else "\ufffd" for c in name)
    name = name if len(name) <= limit else f"{name[: limit // 2 - 1]}…{name[-(limit // 2) :]}"
    return name.replace("$", r"\$")


def many(number: int, noun: str) -> str:
    """A number with its noun: 1 session, 1,200 sessions."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def clock(frame: pd.DataFrame) -> str:
    """The resolution of the coarsest clock among the logs, for a chart's axis."""
    seconds = frame.attrs.get("resolution_s", 0.0)
    return f"clock resolution {span(round(seconds * 1e9))}" if seconds >= 1 else "clock resolution below 1 s"


def length(value: float, _: object = None) -> str:
    """Seconds as people say them, for the ticks of an axis."""
    return span(round(value * 1e9))


def log_lengths(axis: Any, low: float, high: float) -> None:
    """Ticks of a logarithmic axis of lengths in seconds."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    ticks = [t for t in ROUND if low * 0.9 <= t <= high * 1.1]
    axis.set_ticks(ticks if len(ticks) > 1 else [low, high])
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(length))


def lengths(axis: Any, high: float) -> None:
    """Ticks of a linear axis of lengths in seconds."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    axis.set_major_locator(MultipleLocator(next((step for step in STEPS if high / step <= 9), high)))
    axis.set_major_formatter(FuncFormatter(length))


def legend(axes: Axes, handles: list[Any]) -> None:
    """The legend, right of the picture: it hides nothing."""
    if handles:
        shown = axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0)
        for handle in shown.legend_handles:
            if handle is not None:
                handle.set_alpha(1.0)  # marks that are faint in the picture are not faint here


def thinned(x: Any, *heights: Any) -> Any:
    """The places of the points that a picture needs of a line, or of several at the same x: where they are more than it can show, in each
    of SLICES slices of x the first, the last, and the lowest and highest of each line.
    """
    if len(x) <= 4 * SLICES:
        return np.arange(len(x))
    low, high = np.min(x), np.max(x)
    slices = ((x - low) / max(high - low, 1e-300) * SLICES).astype("int64")
    numbers = pd.Series(np.arange(len(x))).groupby(slices)
    lines = [pd.Series(line).groupby(slices) for line in heights]
    return np.unique(
        np.concatenate([numbers.min(), numbers.max(), *(edge for one in lines for edge in (one.idxmin(), one.idxmax()))])
    )


def rug(axes: Axes, places: Any, severities: Any) -> list[Any]:
    """Anomalies as ticks along the upper edge, the worst on top. Returns the handles for the legend, with counts."""
    severities, places = np.asarray(severities), np.asarray(places, dtype=float)
    for severity in reversed(SEVERITIES):
        at = np.unique(places[severities == severity])
        at = at[thinned(at)]
        axes.plot(
            at, np.full(len(at), 1.0), "v", color=SEVERITIES[severity], markersize=5.5, markeredgewidth=0, clip_on=False,
            transform=axes.get_xaxis_transform(), zorder=5, alpha=faint(len(at)),
        )  # fmt: skip
    return anomaly_handles(severities)


def faint(many_marks: int) -> float:
    """The opacity of marks that are so many that they cover each other: where they lie closer, it is darker."""
    return float(np.clip(150 / max(many_marks, 1), 0.05, 1.0))


def anomaly_handles(severities: Any) -> list[Any]:
    """Entries of a legend for the anomalies that are marked, by severity."""
    severities = np.asarray(severities)
    counts = {severity: int((severities == severity).sum()) for severity in SEVERITIES}
    return [
        Line2D(
            [],
            [],
            marker="v",
            color=SEVERITIES[s],
            linestyle="",
            markersize=5.5,
            markeredgewidth=0,
            label=f"anomaly, {s} ({n:,})",
        )
        for s, n in counts.items()
        if n
    ]
