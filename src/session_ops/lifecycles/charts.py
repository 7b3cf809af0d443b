"""Pictures of sessions: timeline, concurrency, lengths. Each plots a frame and returns the Axes; nothing is shown that the frame lacks."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator, NullLocator

from session_ops.lifecycles import frames
from session_ops.lifecycles.detectors import span
from session_ops.lifecycles.timeaxis import TimeAxis

if TYPE_CHECKING:
    from session_ops.case import Case

SIZE, DPI = (11.0, 4.2), 100
"""Inches and dots per inch: 1100 x 420 pixels, for a report."""
NAMES, ROWS, LANES = 30, 120, 1500
"""Up to so many sessions have a row with a name each; a row each; packed lanes; beyond, their density is drawn."""
COLOURS = ("#4477aa", "#ccbb44", "#228833", "#aa3377", "#66ccee", "#997700", "#004488", "#bbbbbb")
"""Paul Tol's bright scheme, in an order that colour-blind readers can tell apart."""
INK, RED, GREY = "#222222", "#bb2222", "#888888"
MARKS: dict[str, tuple[str, str, str]] = {
    "ended": ("|", INK, "ended"),
    "open": (">", INK, "no end logged, last seen here"),
    "silent": ("X", RED, "gone silent, last seen here"),
}
_STYLE: dict[Any, Any] = {
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


# timeline


def plot_sessions(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Sessions over time: a bar from the start to the end, or to the last event; its mark says which. Takes `frames.sessions`."""
    with _axes(ax) as axes:
        frame = frame.sort_values(["start_ns", "session_id", "run_no"])
        n = len(frame)
        axes.set_title(f"Sessions over time: {_counted(frame)}")
        if not n:
            return _nothing(axes)
        if n > LANES:
            return _density(frame, axes)
        named = n <= NAMES
        rows = np.arange(n) if n <= ROWS else _lanes(frame)
        colours, agents = _colours(frame)
        axis = TimeAxis(frame["start_ns"], _ns(frame["stop"]))
        start, stop = axis.places(frame["start_ns"]), axis.places(_ns(frame["stop"]))
        height = 0.62 if rows.max() < 40 else 0.85
        axes.barh(rows, stop - start, left=start, height=height, color=colours, edgecolor=colours, linewidth=0.8, zorder=2)
        size = float(np.clip(230 / (rows.max() + 1), 9, 42))
        for mark, (shape, colour, _) in MARKS.items():
            here = (frame["mark"] == mark).to_numpy()
            if here.any():
                axes.scatter(
                    stop[here],
                    rows[here],
                    marker=shape,
                    s=size,
                    color=colour,
                    linewidths=0.9 if mark == "silent" else 1.3,
                    zorder=3,
                )
        axes.set_ylim(rows.max() + 0.7, -0.7)
        if named:
            names = [_short(name) for name in frame["session_id"]]
            axes.set_yticks(rows, names, fontsize=8 if n <= 20 else 6.5)
            axes.set_ylabel("session")
            axes.tick_params(axis="y", length=0)
        else:
            axes.set_ylabel("session, by start" if n <= ROWS else "lane (sessions at once, stacked)")
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axis.finish(axes, _clock(frame))
        axes.grid(axis="x", visible=not axis.cuts)
        shown = [Line2D([], [], marker=m, color=c, linestyle="", label=f"{t} ({(frame['mark'] == k).sum():,})", markersize=6)
                 for k, (m, c, t) in MARKS.items() if (frame["mark"] == k).any()]  # fmt: skip
        _legend(axes, [Patch(color=colour, label=agent) for agent, colour in agents.items()] + shown)
        return axes


def _density(frame: pd.DataFrame, axes: Axes) -> Axes:
    """Too many bars to tell apart: how many sessions were running in each slice of time, by what became of them."""
    axis = TimeAxis(frame["start_ns"], _ns(frame["stop"]))
    edges = np.linspace(axis.first, axis.last + 1, 301).astype("int64")
    layers, labels, colours = [], [], []
    for mark, colour in (("ended", COLOURS[0]), ("open", COLOURS[1]), ("silent", RED)):
        here = frame[frame["mark"] == mark]
        if len(here):
            starts, stops = np.sort(here["start_ns"].to_numpy()), np.sort(_ns(here["stop"]))
            running = np.searchsorted(starts, edges[1:], "left") - np.searchsorted(stops, edges[:-1], "left")
            layers.append(running)
            labels.append(f"{MARKS[mark][2].split(',')[0]} ({len(here):,})")
            colours.append(colour)
    axis.cuts = []  # slices are equally long: no gap is cut
    middles = axis.places((edges[1:] + edges[:-1]) // 2)
    axes.stackplot(middles, layers, labels=labels, colors=colours, step="mid", linewidth=0)
    axes.set_ylabel("sessions in each of 300 slices")
    axes.set_ylim(bottom=0)
    axis.finish(axes, _clock(frame))
    _legend(axes, axes.get_legend_handles_labels()[0])
    return axes


def timeline_text(frame: pd.DataFrame) -> str:
    """The timeline in a sentence."""
    if not len(frame):
        return "No sessions."
    first, last = frame["start"].min(), frame["stop"].max()
    return f"Timeline of {_counted(frame)}, from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC."


# concurrency


def concurrency(frame: pd.DataFrame) -> pd.DataFrame:
    """How many sessions run from each instant `at` on: half-open intervals, ends counted before starts at the same instant."""
    spans = frame[frame["stop"] > frame["start"]]
    moves = pd.concat([pd.Series(1, spans["start"]), pd.Series(-1, spans["stop"])])
    steps = moves.groupby(level=0).sum().sort_index().cumsum()
    counted = pd.DataFrame({"at": steps.index, "running": steps.to_numpy()})
    counted.attrs = dict(frame.attrs)
    return counted


def plot_concurrency(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Sessions at once, as steps. Takes `concurrency`."""
    with _axes(ax) as axes:
        most = int(frame["running"].max()) if len(frame) else 0
        axes.set_title(f"Sessions at once: at most {most}")
        if not most:
            return _nothing(axes)
        ns, running = _ns(frame["at"]), frame["running"].to_numpy()
        axis = TimeAxis(ns[:-1][running[:-1] > 0], ns[1:][running[:-1] > 0])
        at = axis.places(ns)
        axes.fill_between(at, frame["running"], step="post", color=COLOURS[0], alpha=0.25, linewidth=0)
        axes.step(at, frame["running"], where="post", color=COLOURS[0], linewidth=1.2)
        peak = frame["running"].idxmax()
        axes.plot(at[peak], most, "o", color=RED, markersize=5, zorder=3)
        right = at[peak] > (at[0] + at[-1]) / 2
        axes.annotate(
            f"{most} at {frame['at'][peak]:%Y-%m-%d %H:%M:%S}",
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
        axis.finish(axes, "an end counts before a start at the same instant; " + _clock(frame))
        axes.grid(axis="y")
        return axes


def concurrency_text(frame: pd.DataFrame) -> str:
    """The sessions at once in a sentence."""
    if not len(frame):
        return "No two events of a session at different times: nothing runs at once."
    peak = frame["running"].idxmax()
    return f"Sessions at once over time: at most {int(frame['running'].max())}, first at {frame['at'][peak]:%Y-%m-%d %H:%M:%S} UTC."


# lengths


def durations(frame: pd.DataFrame) -> pd.DataFrame:
    """Length of each session in seconds, and whether it has an end; without one the length is only what was seen. None below zero."""
    lengths = frame.loc[frame["seconds"] >= 0, ["session_id", "run_no", "seconds"]].copy()
    lengths["ended"] = frame["mark"] == "ended"
    lengths.attrs = dict(frame.attrs)
    return lengths


def plot_durations(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How long sessions last, those without an end apart. Takes `durations`."""
    with _axes(ax) as axes:
        axes.set_title("How long sessions last")
        seconds = frame["seconds"].to_numpy(dtype=float)
        if not len(seconds):
            return _nothing(axes)
        floor = max(frame.attrs.get("resolution_s", 0.0), 1.0 if seconds.max() >= 10 else 1e-3)
        seen = np.maximum(seconds, floor)
        log = seen.max() / seen.min() > 50
        count = int(np.clip(np.sqrt(len(seen)) * 2, 8, 40))
        low, high = seen.min(), seen.max() * 1.001 if seen.max() > seen.min() else seen.max() * 1.5
        bins = np.geomspace(low, high, count + 1) if log else np.linspace(0, high, count + 1)
        ended = frame["ended"].to_numpy(dtype=bool)
        layers = [(ended, COLOURS[0], "ended"), (~ended, COLOURS[1], "no end logged: at least so long")]
        used = [(seen[here], colour, f"{label} ({here.sum():,})") for here, colour, label in layers if here.any()]
        axes.hist([u[0] for u in used], bins=bins.tolist(), stacked=True, color=[u[1] for u in used], label=[u[2] for u in used],
                  edgecolor="white", linewidth=0.6)  # fmt: skip
        if log:
            axes.set_xscale("log")
            ticks = [t for t in _ROUND if low * 0.9 <= t <= high * 1.1]
            axes.set_xticks(ticks if len(ticks) > 1 else [low, high])
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            axes.xaxis.set_major_locator(MultipleLocator(next((step for step in _STEPS if high / step <= 9), high)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: span(round(value * 1e9))))
        middle = _middle(seconds[ended] if ended.any() else seconds)
        axes.axvline(max(middle, floor), color=RED, linewidth=1.2, linestyle="--", label=f"median {span(round(middle * 1e9))}")
        short = int((seconds < floor).sum())
        note = f"; {short:,} shorter than {span(round(floor * 1e9))} are in the first bar" if short and log else ""
        axes.set_xlabel(f"length{' (log scale)' if log else ''}\n{_clock(frame)}{note}")
        axes.set_ylabel("sessions")
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.grid(axis="y")
        _legend(axes, axes.get_legend_handles_labels()[0])
        return axes


_ROUND = (
    1e-3,
    1e-2,
    0.1,
    1,
    5,
    15,
    60,
    300,
    900,
    3600,
    4 * 3600,
    12 * 3600,
    86400,
    3 * 86400,
    10 * 86400,
    30 * 86400,
    100 * 86400,
)


_STEPS = (1e-3, 1e-2, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 6 * 3600, 12 * 3600, 86400)


def _middle(seconds: Any) -> float:
    """The median, as a length that occurred."""
    return float(np.sort(seconds)[(len(seconds) - 1) // 2])


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


# the files of a case


def draw(case: Case) -> tuple[tuple[str, str], ...]:
    """Write the three pictures into the case. Returns their names below figures/ and their alternative texts."""
    frame = frames.sessions(case)
    running, lengths = concurrency(frame), durations(frame)
    pictures: list[tuple[str, Callable[..., Axes], pd.DataFrame, str]] = [
        ("timeline.png", plot_sessions, frame, timeline_text(frame)),
        ("concurrency.png", plot_concurrency, running, concurrency_text(running)),
        ("durations.png", plot_durations, lengths, durations_text(lengths)),
    ]
    for name, plot, data, _ in pictures:
        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
            plot(data, figure.subplots())
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", metadata={"Software": None})
        case.write(f"figures/{name}", buffer.getvalue())
    return tuple((name, text) for name, _, _, text in pictures)


# parts


@contextlib.contextmanager
def _axes(ax: Axes | None) -> Iterator[Axes]:
    with mpl.rc_context(_STYLE):
        if ax is None:
            from matplotlib import pyplot as plt

            _, ax = plt.subplots(figsize=SIZE, dpi=DPI, layout="constrained")
        yield ax


def _nothing(axes: Axes) -> Axes:
    axes.text(0.5, 0.5, "no sessions", ha="center", va="center", transform=axes.transAxes, color=GREY)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def _ns(times: pd.Series) -> Any:
    return times.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype("int64")


def _lanes(frame: pd.DataFrame) -> Any:
    """The lowest lane that is free at each session's start; sessions come in the order of their start."""
    import heapq

    free: list[int] = []
    busy: list[tuple[int, int]] = []
    lanes = []
    stops = _ns(frame["stop"])
    for start, stop in zip(frame["start_ns"].to_numpy(), stops, strict=True):
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
        return [COLOURS[0]] * len(frame), {}
    chosen = {str(agent): COLOURS[i] for i, agent in enumerate(ranked)}
    return [chosen.get(str(agent), GREY) for agent in frame["agent_id"]], {_short(agent): c for agent, c in chosen.items()}


def _short(name: str, limit: int = 26) -> str:
    """A name that fits and that matplotlib takes as plain text."""
    name = "".join(c if c.isprintable() else "\ufffd" for c in name).replace("$", r"\$")
    return name if len(name) <= limit else f"{name[: limit // 2 - 1]}…{name[-(limit // 2) :]}"


def _counted(frame: pd.DataFrame) -> str:
    marks = frame["mark"].value_counts()
    named = (("ended", "ended"), ("open", "without an end"), ("silent", "gone silent"))
    parts = [f"{int(marks[mark]):,} {text}" for mark, text in named if mark in marks]
    many = f"{len(frame):,} session{'s' * (len(frame) != 1)}"
    if len(parts) == 1 and len(frame) > 1:
        return f"{many}, all {parts[0].split(' ', 1)[1]}"
    return f"{many} ({', '.join(parts)})" if parts else many


def _clock(frame: pd.DataFrame) -> str:
    seconds = frame.attrs.get("resolution_s", 0.0)
    return f"clock resolution {span(round(seconds * 1e9))}" if seconds >= 1 else "clock resolution below 1 s"


def _legend(axes: Axes, handles: list[Any]) -> None:
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0)
