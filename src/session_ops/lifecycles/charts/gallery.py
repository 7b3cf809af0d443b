"""The charts of a case as files, with their alternative texts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from session_ops.lifecycles import frames
from session_ops.lifecycles.charts.beats import beats, beats_text, plot_beats
from session_ops.lifecycles.charts.concurrency import concurrency, concurrency_text, plot_concurrency
from session_ops.lifecycles.charts.durations import durations, durations_text, plot_durations
from session_ops.lifecycles.charts.locks import locks, locks_text, plot_locks
from session_ops.lifecycles.charts.look import DPI, SIZE, STYLE
from session_ops.lifecycles.charts.rate import plot_rate, rate, rate_text
from session_ops.lifecycles.charts.states import plot_states, states, states_text
from session_ops.lifecycles.charts.survival import plot_survival, survival, survival_text
from session_ops.lifecycles.charts.timeline import plot_sessions, timeline_text
from session_ops.lifecycles.charts.transitions import plot_transitions, transitions, transitions_text
from session_ops.show import Shown, figure

if TYPE_CHECKING:
    from session_ops.case import Case
    from session_ops.lifecycles.phase import Document

NOTHING = "No sessions: nothing to draw."
EMPTY = {
    "survival": "No curve of how long sessions last: none is known to have ended by itself.",
    "locks": "No locks are logged.",
    "beats": "No session has two heartbeats.",
}
"""Why a chart was not drawn."""
Drawing = tuple[str, str, Callable[[Axes], Axes]]
"""Name, alternative text, and what draws it."""


def draw(case: Case) -> tuple[tuple[str, str], ...]:
    """Write the charts into the case, those that would be empty left out. Returns their names below figures/ and their alternative texts."""
    return tuple((_save(case, f"{name}.png", plot), text) for name, text, plot in _drawings(case))


def pictures(case: Case, document: Document, *names: str) -> Shown:
    """Charts of a case, by name, for a notebook; of one that would be empty, why."""
    texts = dict(document.figures)
    html, said = [], []
    for name in names:
        if (file := f"{name}.png") in texts:
            picture = figure(case.folder / "figures" / file, texts[file])
            html.append(picture._repr_html_())
            said.append(repr(picture))
        else:
            html.append(f"<p>{EMPTY.get(name, NOTHING)}</p>")
            said.append(EMPTY.get(name, NOTHING))
    return Shown("".join(html), "\n".join(said))


def _drawings(case: Case) -> Iterator[Drawing]:
    sessions, wrong, spans = frames.sessions(case), frames.anomalies(case), frames.state_spans(case)
    yield "timeline", timeline_text(sessions), lambda ax: plot_sessions(sessions, ax, spans=spans, anomalies=wrong)
    running, lengths = concurrency(sessions), durations(sessions)
    yield "concurrency", concurrency_text(running), lambda ax: plot_concurrency(running, ax, anomalies=wrong)
    yield "durations", durations_text(lengths), lambda ax: plot_durations(lengths, ax)
    lasting = survival(case)
    if lasting["ended"].any():
        yield "survival", survival_text(lasting), lambda ax: plot_survival(lasting, ax)
    stays = states(case)
    if len(stays):
        yield "states", states_text(stays), lambda ax: plot_states(stays, ax)
    changes = transitions(case)
    if len(stays):
        yield "transitions", transitions_text(changes), lambda ax: plot_transitions(changes, ax)
    held = locks(case)
    if len(held):
        yield "locks", locks_text(held), lambda ax: plot_locks(held, ax)
    gaps = beats(case)
    if len(gaps):
        yield "beats", beats_text(gaps), lambda ax: plot_beats(gaps, ax)
    logged = rate(case)
    yield "rate", rate_text(logged), lambda ax: plot_rate(logged, ax)


def _save(case: Case, name: str, plot: Callable[[Axes], Axes]) -> str:
    with mpl.rc_context(STYLE):
        drawn = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        plot(drawn.subplots())
        buffer = io.BytesIO()
        drawn.savefig(buffer, format="png", metadata={"Software": None})
    case.write(f"figures/{name}", buffer.getvalue())
    return name
