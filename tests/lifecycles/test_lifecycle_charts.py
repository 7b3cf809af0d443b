from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from session_ops.lifecycles import charts
from session_ops.lifecycles.timeaxis import TimeAxis

HOUR = 3600 * 10**9
BEGIN = 1_767_607_200 * 10**9


def frame(n: int, mark: str = "ended", agents: int = 3, gap: int = HOUR) -> pd.DataFrame:
    starts = [BEGIN + i * gap for i in range(n)]
    made = pd.DataFrame(
        {
            "session_id": [f"s$_{i}" for i in range(n)],
            "run_no": 1,
            "agent_id": [f"agent {i % agents}" for i in range(n)],
            "start_ns": starts,
            "mark": [mark if i % 3 else "open" for i in range(n)],
            "seconds": [600.0 * (i % 7 + 1) for i in range(n)],
        }
    )
    made["start"] = pd.to_datetime(made["start_ns"], unit="ns", utc=True)
    made["stop"] = made["start"] + pd.to_timedelta(made["seconds"], unit="s")
    made.attrs["resolution_s"] = 1.0
    return made


@pytest.fixture
def axes() -> Axes:
    mpl.use("agg")
    return Figure(figsize=charts.SIZE, layout="constrained").subplots()


@pytest.mark.parametrize(
    ("n", "gap"), [(0, HOUR), (1, HOUR), (2, 400 * HOUR), (30, 60 * 10**9), (31, HOUR), (121, 400 * HOUR), (2000, HOUR)]
)
def test_all_pictures_draw_at_every_size(n: int, gap: int, axes: Axes) -> None:
    sessions = frame(n, "silent", gap=gap)
    for plot, data in (
        (charts.plot_sessions, sessions),
        (charts.plot_concurrency, charts.concurrency(sessions)),
        (charts.plot_durations, charts.durations(sessions)),
    ):
        axes.clear()
        assert plot(data, axes) is axes
        assert axes.get_title(loc="left")
        if n:
            assert "clock resolution" in axes.get_xlabel()
            assert axes.get_ylabel()
        axes.figure.draw_without_rendering()  # type: ignore[union-attr]


def test_the_three_marks_are_told_apart(axes: Axes) -> None:
    sessions = frame(9, "silent")
    sessions.loc[1, "mark"] = "ended"
    charts.plot_sessions(sessions, axes)
    legend = axes.get_legend()
    assert legend is not None
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown[-3:] == ["ended (1)", "no end logged, last seen here (3)", "gone silent, last seen here (5)"]


def test_concurrency_counts_ends_first() -> None:
    sessions = frame(3, gap=600 * 10**9).assign(seconds=600.0)
    sessions["stop"] = sessions["start"] + pd.to_timedelta(600, unit="s")
    counted = charts.concurrency(sessions)
    assert list(counted["running"]) == [1, 1, 1, 0]


def test_texts_have_numbers() -> None:
    sessions = frame(9)
    assert charts.timeline_text(sessions) == (
        "Timeline of 9 sessions (6 ended, 3 without an end), from 2026-01-05 10:00 to 2026-01-05 18:20 UTC."
    )
    assert charts.concurrency_text(charts.concurrency(sessions)).startswith(
        "Sessions at once over time: at most 2, first at 2026-01-05 "
    )
    assert charts.durations_text(charts.durations(sessions)) == (
        "Lengths of 6 sessions that ended: 10 min to 60 min, median 20 min; 3 more have no end."
    )
    assert charts.timeline_text(frame(0)) == "No sessions."


def test_idle_gaps_are_cut_only_where_they_fill_the_picture() -> None:
    busy = TimeAxis([BEGIN, BEGIN + HOUR], [BEGIN + HOUR, BEGIN + 2 * HOUR])
    assert busy.cuts == []
    sparse = TimeAxis([BEGIN, BEGIN + 500 * HOUR], [BEGIN + HOUR, BEGIN + 501 * HOUR])
    assert sparse.cuts == [(BEGIN + HOUR, BEGIN + 500 * HOUR)]
    places = sparse.places([BEGIN, BEGIN + HOUR, BEGIN + 500 * HOUR, BEGIN + 501 * HOUR])
    assert list(places) == sorted(places)
    assert places[1] - places[0] == pytest.approx(places[3] - places[2])
