from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, StepPatch
from tests.lifecycles.conftest import Analyse, at

from session_ops.case import Case
from session_ops.lifecycles import charts, frames
from session_ops.lifecycles.charts import look
from session_ops.lifecycles.charts.timeline import SLICES
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
            "anomalies": [i % 2 for i in range(n)],
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


def legend(axes: Axes) -> list[str]:
    shown = axes.get_legend()
    assert shown is not None
    return [text.get_text() for text in shown.get_texts()]


@pytest.mark.parametrize(
    ("n", "gap"),
    [(0, HOUR), (1, HOUR), (2, 400 * HOUR), (30, 60 * 10**9), (31, HOUR), (121, 400 * HOUR), (500, 10**9), (2000, HOUR)],
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
    assert legend(axes)[-3:] == ["ended (1)", "no end logged, last seen here (3)", "gone silent, last seen here (5)"]


@pytest.mark.parametrize(("n", "gap"), [(2000, HOUR), (500, 10**9)])
def test_too_many_bars_become_counts_of_starts_and_ends(n: int, gap: int, axes: Axes) -> None:
    charts.plot_sessions(frame(n, "silent", gap=gap), axes)
    up, ended, silent = (
        (data[0], data[2]) for layer in axes.patches if isinstance(layer, StepPatch) for data in [layer.get_data()]
    )
    assert len(up[0]) == SLICES
    assert sum(up[0]) == n
    assert sum(ended[0] - ended[1]) + sum(silent[0] - silent[1]) == -n
    assert list(silent[1]) == list(ended[0])


def test_a_bar_ends_where_the_session_was_last_seen(axes: Axes) -> None:
    sessions = frame(3, "silent")
    charts.plot_sessions(sessions, axes)
    axis = TimeAxis(sessions["start_ns"], sessions["start_ns"] + (sessions["seconds"] * 1e9).astype("int64"))
    stops = axis.places([BEGIN + i * HOUR + (i + 1) * 600 * 10**9 for i in range(3)])
    assert [bar.get_extents().x1 for bar in axes.collections[0].get_paths()] == pytest.approx(list(stops))


def test_states_colour_the_bars_and_anomalies_are_marked(axes: Axes) -> None:
    spans = pd.DataFrame(
        {"session_id": "s$_1", "run_no": 1, "state": ["ACTIVE", "WAITING"], "from_ns": [BEGIN + HOUR, BEGIN + HOUR + 10**9],
         "to_ns": [BEGIN + HOUR + 10**9, BEGIN + 9 * HOUR]}
    )  # fmt: skip
    wrong = pd.DataFrame(
        {"session_id": ["s$_1", None], "run_no": [1, None], "ts_ns": [BEGIN + HOUR, BEGIN], "severity": ["critical", "gap"]}
    )
    charts.plot_sessions(frame(3), axes, spans=spans, anomalies=wrong)
    assert legend(axes) == [
        "active", "waiting", "ended (2)", "no end logged, last seen here (1)", "anomaly, critical (1)", "anomaly, gap (1)",
    ]  # fmt: skip


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
    assert charts.timeline_text(frame(0)) == "No timeline: no event of a session has a time, the logs tell their order only."
    assert charts.plot_sessions(frame(0)).get_title("left") == "Sessions over time: the logs tell their order only"


def test_idle_gaps_are_cut_only_where_they_fill_the_picture() -> None:
    busy = TimeAxis([BEGIN, BEGIN + HOUR], [BEGIN + HOUR, BEGIN + 2 * HOUR])
    assert busy.cuts == []
    sparse = TimeAxis([BEGIN, BEGIN + 500 * HOUR], [BEGIN + HOUR, BEGIN + 501 * HOUR])
    assert sparse.cuts == [(BEGIN + HOUR, BEGIN + 500 * HOUR)]
    places = sparse.places([BEGIN, BEGIN + HOUR, BEGIN + 500 * HOUR, BEGIN + 501 * HOUR])
    assert list(places) == sorted(places)
    assert places[1] - places[0] == pytest.approx(places[3] - places[2])


def lock(minutes: float, session: str, event: str) -> dict[str, Any]:
    return at(minutes, session, event, resource="db")


LIVES = [
    at(0, "a", "session_start"),
    at(1, "a", "heartbeat"),
    lock(1, "a", "lock_request"),
    lock(2, "a", "lock_acquired"),
    at(2, "a", "heartbeat"),
    at(3, "a", "heartbeat"),
    at(4, "a", "heartbeat"),
    lock(4, "b", "lock_request"),
    lock(6, "a", "lock_released"),
    lock(6, "b", "lock_acquired"),
    at(34, "a", "heartbeat"),
    at(40, "a", "session_end"),
    at(0, "b", "session_start"),
    at(20, "c", "session_start"),
    at(30, "c", "session_end"),
    at(41, "d", "session_end"),
    at(50, "b", "note"),
]


@pytest.fixture
def lived(analyse: Analyse) -> Case:
    rows = sorted(LIVES, key=lambda row: str(row["ts"]))
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    case, document = analyse({"events.jsonl": text + '{"ts": "2026-01-05T10:5\n'})
    case.save("lifecycles", document)
    return case


def test_survival_is_kaplan_and_meiers(lived: Case) -> None:
    table = charts.survival(lived)
    # c ends after 10 min, a after 40; b is seen for 50 and is censored; d's start was never seen
    assert list(table["seconds"]) == [600, 2400, 3000]
    assert list(table["at_risk"]) == [3, 2, 1]
    assert list(table["ended"]) == [1, 1, 0]
    assert list(table["share"]) == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert list(table["variance"]) == pytest.approx([1 / 6, 1 / 6 + 1 / 2, 1 / 6 + 1 / 2])
    assert charts.survival_text(table).endswith("half have ended after 40 min.")


def test_states_and_changes_add_up_to_the_tables(lived: Case) -> None:
    spans = frames.state_spans(lived)
    table = charts.states(lived).set_index("state")
    assert table["total_s"].to_dict() == pytest.approx(
        ((spans["to_ns"] - spans["from_ns"]).groupby(spans["state"]).sum() / 1e9).to_dict()
    )
    assert table["spans"].to_dict() == spans["state"].value_counts().to_dict()
    pairs = {(one.from_state, one.to_state): (one.n, one.illegal) for one in charts.transitions(lived).itertuples()}
    assert pairs["ACTIVE", "WAITING"] == (2, 0)
    assert pairs["ACTIVE", "(no end seen)"] == (1, 0)
    assert pairs["(begin)", "ENDED"][0] == 1


def test_locks_count_holds_and_waits(lived: Case) -> None:
    only = charts.locks(lived).iloc[0]
    assert (only["resource_id"], only["holds"], only["holders"], only["waits"], only["unreleased"]) == ("db", 2, 2, 2, 1)
    assert only["waited_s"] == 60 + 120
    assert only["held_s"] == 240 + 44 * 60


def test_gaps_between_beats_and_the_one_that_is_too_long(lived: Case) -> None:
    table = charts.beats(lived)
    assert int(table["n"].sum()) == 4
    assert table.loc[table["too_long"], "gap_s"].tolist() == pytest.approx([1800])
    assert set(frames.anomalies(lived)["detector"]) >= {"beat_gap"}


def test_rate_counts_every_event_and_reject_once(lived: Case) -> None:
    table = charts.rate(lived)
    assert len(table) == 200
    assert int(table[["lifecycle", "activity", "heartbeats", "locks", "other"]].to_numpy().sum()) == len(frames.events(lived))
    assert int(table["rejects"].sum()) == 1
    assert table["rejects"].to_numpy().nonzero()[0].tolist() == [199]


PLOTS: list[tuple[Callable[[Case], pd.DataFrame], Callable[..., Axes], Callable[[pd.DataFrame], str]]] = [
    (charts.survival, charts.plot_survival, charts.survival_text),
    (charts.states, charts.plot_states, charts.states_text),
    (charts.transitions, charts.plot_transitions, charts.transitions_text),
    (charts.locks, charts.plot_locks, charts.locks_text),
    (charts.beats, charts.plot_beats, charts.beats_text),
    (charts.rate, charts.plot_rate, charts.rate_text),
]


def test_every_table_has_its_picture_with_one_row_many_or_none(lived: Case, axes: Axes) -> None:
    for table, plot, text in PLOTS:
        rows = table(lived)
        for some in (rows, rows.head(1), rows.head(0)):
            axes.clear()
            some.attrs = rows.attrs
            assert plot(some, axes) is axes
            assert text(some)
            if some is rows:
                axes.figure.draw_without_rendering()  # type: ignore[union-attr]
            if len(some) and plot is not charts.plot_transitions:
                assert "clock resolution" in axes.get_xlabel()


def test_scores_and_blind_spots_for_the_notebook(lived: Case) -> None:
    document = lived["lifecycles"]
    best = frames.scores(document)[0]
    assert (best["format"], best["taken"]) == (document.sources[0].format_id, "yes")
    blind = frames.blind_spots(lived, document)
    assert set(blind) == set(document.counts)
    assert "fewer than 3 heartbeats" in blind["beat_gap"]


def test_numbers_on_the_pictures(lived: Case, axes: Axes) -> None:
    charts.plot_survival(charts.survival(lived), axes)
    assert axes.get_title(loc="left") == "Sessions still running after a time: 3, of them 2 ended, 1 censored"
    assert "half have ended: 40 min" in legend(axes)
    axes.clear()
    charts.plot_beats(charts.beats(lived), axes)
    assert "too long: anomaly (1)" in legend(axes)
    axes.clear()
    wrong = frames.anomalies(lived)
    charts.plot_concurrency(charts.concurrency(frames.sessions(lived)), axes, anomalies=wrong)
    marked = sum(int(text.rpartition("(")[2].rstrip(")")) for text in legend(axes))
    assert marked == int(wrong["ts_ns"].notna().sum()) > 0


def test_charts_are_drawn_where_there_is_something_to_draw(analyse: Analyse) -> None:
    case, document = analyse({"events.jsonl": [at(0, "a", "session_start"), at(3, "a", "session_end")]}, pictures=True)
    names = [name for name, _ in document.figures]
    assert names == [
        "timeline.png",
        "concurrency.png",
        "durations.png",
        "survival.png",
        "states.png",
        "transitions.png",
        "rate.png",
    ]
    for name, alt in document.figures:
        assert (case.folder / "figures" / name).read_bytes().startswith(b"\x89PNG")
        assert alt.endswith(".")
    seen = charts.pictures(case, document, "timeline", "locks")
    assert seen.html.count("<img ") == 1
    assert seen.text == f"[picture: {document.figures[0][1]}]\nNo locks are logged."
    assert math.fsum((case.folder / "figures" / name).stat().st_size for name in names) < 400_000


def test_sessions_that_are_but_instants_stand_side_by_side() -> None:
    instants = [BEGIN, BEGIN + HOUR, BEGIN + 30 * HOUR, BEGIN + 31 * HOUR]
    assert list(TimeAxis(instants, instants).places(instants)) == [0, 1, 2, 3]


def test_lengths_of_nothing_are_drawn_at_nothing(axes: Axes) -> None:
    made = frame(6).assign(seconds=0.0, mark="open", anomalies=0)
    charts.plot_durations(charts.durations(made), axes)
    assert [(bar.get_x(), bar.get_height()) for bar in axes.patches if bar.get_height()] == [(0.0, 6.0)]
    assert "median 0 s" in legend(axes)


def test_an_arrow_ends_where_the_box_of_its_state_begins(axes: Axes) -> None:
    made = pd.DataFrame(
        [("(begin)", "ACTIVE", 3, 0), ("ACTIVE", "(no end seen)", 3, 0)], columns=["from_state", "to_state", "n", "illegal"]
    )
    charts.plot_transitions(made, axes)
    short, wide = (one for one in axes.patches if isinstance(one, FancyArrowPatch))
    assert short.shrinkB < wide.shrinkB
    assert wide.shrinkB < 12 / math.sin(math.atan2(1, 4))


def test_more_steps_than_a_picture_can_show_are_drawn_by_their_edges(axes: Axes) -> None:
    n = 300_000
    times = pd.Series(range(n)) * 300_000_000 + BEGIN
    running = pd.Series(range(n)) * 7919 % 13
    running[[123_456, n - 1]] = [99, 0]
    many = pd.DataFrame({"at": pd.to_datetime(times, utc=True), "running": running})
    many.attrs["resolution_s"] = 0.001
    wrong = pd.DataFrame({"ts_ns": times.astype("Int64"), "severity": "critical"})
    charts.plot_concurrency(many, axes, anomalies=wrong)
    line, marks = axes.lines[0], axes.lines[-1]
    assert len(line.get_xdata()) <= 4 * (look.SLICES + 1)
    assert sorted(set(line.get_ydata())) == [*range(13), 99]
    assert (line.get_ydata()[0], line.get_ydata()[-1]) == (running[0], 0)
    assert len(marks.get_xdata()) <= 2 * (look.SLICES + 1)
    assert legend(axes) == [f"anomaly, critical ({n:,})"]
    small = look.thinned(pd.Series(range(10)).to_numpy(), running[:10].to_numpy())
    assert small.tolist() == list(range(10))
