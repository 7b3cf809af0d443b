"""A time axis for logs: plain where sessions fill it, and with the idle gaps cut out where they would be specks in emptiness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

CUTS = 40
"""At most so many gaps are cut."""
IDLE = 0.6
"""Share of the time without any session from which on gaps are cut."""
_NS_PER_DAY = 86_400_000_000_000


class TimeAxis:
    """Maps times to places. `starts` and `stops` are nanoseconds since 1970: when something was running."""

    def __init__(self, starts: Any, stops: Any) -> None:
        self.first, self.last = int(np.min(starts)), int(np.max(stops))
        gaps = _gaps(np.asarray(starts, dtype="int64"), np.asarray(stops, dtype="int64"))
        whole = max(self.last - self.first, 1)
        idle = sum(to - since for since, to in gaps)
        self.cuts: list[tuple[int, int]] = []
        if idle / whole >= IDLE and len(gaps) and whole > 3600 * 10**9:
            busy = max(whole - idle, whole // 10_000)
            for gap in sorted(gaps, key=lambda g: g[0] - g[1])[:CUTS]:
                if idle <= busy:
                    break
                self.cuts.append(gap)
                idle -= gap[1] - gap[0]
            self.cuts.sort()
        shown = whole - sum(to - since for since, to in self.cuts)
        self._stripe = shown * min(0.012, 0.25 / max(len(self.cuts), 1)) or 1.0  # nothing but instants: they stand side by side
        knots = [(self.first, 0.0)]
        for since, to in self.cuts:
            at = knots[-1][1] + (since - knots[-1][0])
            knots += [(since, at), (to, at + self._stripe)]
        knots.append((self.last, knots[-1][1] + (self.last - knots[-1][0])))
        self._times = np.array([t for t, _ in knots], dtype=float)
        self._places = np.array([x for _, x in knots], dtype=float)

    def places(self, ns: Any) -> Any:
        """Where times are on the axis: days since 1970 on a plain one (matplotlib's own unit)."""
        ns = np.asarray(ns, dtype="int64")
        return np.interp(ns.astype(float), self._times, self._places) if self.cuts else ns / _NS_PER_DAY

    def finish(self, axes: Axes, note: str) -> None:
        """Limits, ticks and label."""
        low, high = (float(x) for x in self.places([self.first, self.last]))
        wide = max(high - low, 1e-9)
        axes.set_xlim(low - wide * 0.01, high + wide * 0.015)
        if not self.cuts:
            locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
            axes.set_xlabel(f"time (UTC)\n{note}")
            return
        for since, to in self.cuts:
            axes.axvspan(*(float(x) for x in self.places([since, to])), color="#e9e9e9", linewidth=0, zorder=0)
        ticks: list[int] = []
        for at in [self.first, *(to for _, to in self.cuts), *self._between()]:
            place = float(self.places([at])[0])
            if all(abs(place - float(self.places([other])[0])) > wide * 0.1 for other in ticks):
                ticks.append(at)
        several_years = _moment(self.first).year != _moment(self.last).year
        shape = "%d %b %Y\n%H:%M" if several_years else "%d %b\n%H:%M"
        axes.set_xticks([float(x) for x in self.places(ticks)], [_moment(at).strftime(shape) for at in ticks], fontsize=8)
        days = f"{_moment(self.first):%Y-%m-%d} to {_moment(self.last):%Y-%m-%d}"
        cut = (
            "1 idle gap is cut at the grey stripe"
            if len(self.cuts) == 1
            else f"{len(self.cuts)} idle gaps are cut at the grey stripes"
        )
        axes.set_xlabel(f"time (UTC), {days}; {cut}\n{note}")

    def _between(self) -> list[int]:
        """Full minutes at even distances, for stretches without a cut."""
        even = np.interp(np.linspace(0, self._places[-1], 9), self._places, self._times)
        return [round(at / 60e9) * 60_000_000_000 for at in even]


def _moment(ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)


def _gaps(starts: Any, stops: Any) -> list[tuple[int, int]]:
    """The times in which nothing was running."""
    order = np.argsort(starts, kind="stable")
    reached = np.maximum.accumulate(stops[order])
    later = starts[order][1:]
    here = later > reached[:-1]
    return [(int(a), int(b)) for a, b in zip(reached[:-1][here], later[here], strict=True)]
