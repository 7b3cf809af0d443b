"""Which state follows which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts.look import GREY, INK, RED, STATES, legend, nothing, styled

if TYPE_CHECKING:
    from session_ops.case import Case

WIDE = 2.9
"""How many times as wide as high the picture is, without its title."""
LABEL = 0.38
"""How far along its arrow a label stands."""
PLACES = {
    "(begin)": (0.0, 0.0),
    "REGISTERED": (3.5, 1.0),
    "ACTIVE": (7.0, 0.0),
    "IDLE": (7.0, 2.0),
    "WAITING": (10.6, 1.2),
    "PAUSED": (10.6, -1.2),
    "HANDING_OVER": (7.0, -2.0),
    "ENDED": (15.5, 1.5),
    "CRASHED": (15.5, 0.5),
    "EXPIRED": (15.5, -0.5),
    "SUPERSEDED": (15.5, -1.5),
    "(no end seen)": (15.5, -2.5),
}
"""Where the states stand, in units that are equally long both ways: life goes from left to right."""


def transitions(case: Case) -> pd.DataFrame:
    """One row per pair of states: how often the second followed the first, and how often a detector found that illegal."""
    return frames.charted(case, "transitions")


def plot_transitions(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """States as boxes, changes as arrows with their counts; the ones that are not allowed are red. Takes `transitions`."""
    with styled(ax) as axes:
        total, illegal = int(frame["n"].sum()), int(frame["illegal"].sum())
        axes.set_title(f"Changes of state: {total:,}" + (f", of them {illegal:,} not allowed by the model" if illegal else ""))
        axes.set_axis_off()
        if not len(frame):
            return nothing(axes, "no changes of state")
        used = set(frame["from_state"]) | set(frame["to_state"])
        places = {name: place for name, place in PLACES.items() if name in used}
        places |= {name: (3.5, -1.0 - n) for n, name in enumerate(sorted(used - PLACES.keys()))}
        pairs = set(zip(frame["from_state"], frame["to_state"], strict=True))
        for one in frame.sort_values("n").itertuples():
            _arrow(axes, one, places, int(frame["n"].max()), both=(one.to_state, one.from_state) in pairs)
        for name, (x, y) in places.items():
            axes.text(
                x, y, name.lower().replace("_", " "), ha="center", va="center", fontsize=9.5, zorder=4, color=INK,
                bbox={"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": STATES.get(name, GREY), "linewidth": 2},
            )  # fmt: skip
        xs, ys = zip(*places.values(), strict=True)
        # arcs are drawn in pixels, and their labels shall sit on them: a unit is about as long both ways
        high = max((max(ys) - min(ys)) / 2 + 0.8, ((max(xs) - min(xs)) / 2 + 0.9) / WIDE)
        axes.set_xlim((min(xs) + max(xs)) / 2 - high * WIDE, (min(xs) + max(xs)) / 2 + high * WIDE)
        axes.set_ylim((min(ys) + max(ys)) / 2 - high, (min(ys) + max(ys)) / 2 + high)
        keys = [Line2D([], [], color=INK, label="allowed"), Line2D([], [], color=RED, label="some are not allowed")]
        legend(axes, keys if illegal else [])
        return axes


def transitions_text(frame: pd.DataFrame) -> str:
    """The changes of state in a sentence."""
    if not len(frame):
        return "No changes of state."
    illegal = frame[frame["illegal"] > 0]
    said = [f"{one.from_state} to {one.to_state} {one.n:,}" for one in frame.head(6).itertuples()]
    wrong = [f"{one.from_state} to {one.to_state} {one.illegal:,}" for one in illegal.head(6).itertuples()]
    return f"Changes of state, the most frequent first: {', '.join(said)}." + (
        f" Not allowed: {', '.join(wrong)}." if wrong else ""
    )


def _arrow(axes: Axes, one: object, places: dict[str, tuple[float, float]], most: int, *, both: bool) -> None:
    """One arrow, as thick as its count says. Those that pass another box or come back are bent."""
    start, stop = (np.array(places[getattr(one, name)]) for name in ("from_state", "to_state"))
    n, illegal = int(getattr(one, "n")), int(getattr(one, "illegal"))  # noqa: B009 - a row of a frame has no type
    bend = 0.22 if both else _bend(start, stop, places)
    colour = RED if illegal else "#777777"
    width = 0.8 + 3.2 * np.log1p(n) / np.log1p(max(most, 2))
    style = f"arc3,rad={bend}"
    names = (str(getattr(one, name)) for name in ("from_state", "to_state"))
    leave, reach = (_edge(name, stop - start) for name in names)
    axes.add_patch(
        FancyArrowPatch(
            tuple(start), tuple(stop), connectionstyle=style, arrowstyle="-|>", mutation_scale=11 + width, linewidth=width, color=colour,
            shrinkA=leave, shrinkB=reach, zorder=2, alpha=0.85,
        )
    )  # fmt: skip
    # on the curve that arc3 draws, nearer to where it begins: in the middle most of them cross
    across = stop - start
    control = (start + stop) / 2 + bend * np.array([across[1], -across[0]])
    at = (1 - LABEL) ** 2 * start + 2 * LABEL * (1 - LABEL) * control + LABEL**2 * stop
    text = f"{n:,}" + (f" ({illegal:,} not allowed)" if illegal and illegal != n else " not allowed" if illegal else "")
    axes.text(float(at[0]), float(at[1]), text, ha="center", va="center", fontsize=8.5, color=RED if illegal else INK, zorder=5,
              bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.9})  # fmt: skip


def _edge(name: str, direction: np.ndarray) -> float:
    """Points from the middle of a state's box to its edge, about, in this direction."""
    x, y = np.abs(direction) / np.hypot(*direction)
    wide, high = 6 + 2.65 * len(name), 12.0
    return float(min(wide / max(x, 1e-9), high / max(y, 1e-9)))


def _bend(start: np.ndarray, stop: np.ndarray, places: dict[str, tuple[float, float]]) -> float:
    across = stop - start
    whole = float(across @ across)
    for place in places.values():
        other = np.array(place)
        along = float((other - start) @ across) / whole
        if 0.05 < along < 0.95 and float(np.hypot(*(other - start - along * across))) < 0.4:
            return 0.25
    return 0.0
