"""Pictures of sessions. Each plots a frame and returns the Axes; nothing is shown that the frame lacks."""

from session_ops.lifecycles.charts.beats import beats, beats_text, plot_beats
from session_ops.lifecycles.charts.concurrency import concurrency, concurrency_text, plot_concurrency
from session_ops.lifecycles.charts.durations import durations, durations_text, plot_durations
from session_ops.lifecycles.charts.gallery import draw, pictures
from session_ops.lifecycles.charts.locks import locks, locks_text, plot_locks
from session_ops.lifecycles.charts.look import SIZE
from session_ops.lifecycles.charts.rate import plot_rate, rate, rate_text
from session_ops.lifecycles.charts.states import plot_states, states, states_text
from session_ops.lifecycles.charts.survival import plot_survival, survival, survival_text
from session_ops.lifecycles.charts.timeline import plot_sessions, timeline_text
from session_ops.lifecycles.charts.transitions import plot_transitions, transitions, transitions_text

__all__ = [
    "SIZE",
    "beats",
    "beats_text",
    "concurrency",
    "concurrency_text",
    "draw",
    "durations",
    "durations_text",
    "locks",
    "locks_text",
    "pictures",
    "plot_beats",
    "plot_concurrency",
    "plot_durations",
    "plot_locks",
    "plot_rate",
    "plot_sessions",
    "plot_states",
    "plot_survival",
    "plot_transitions",
    "rate",
    "rate_text",
    "states",
    "states_text",
    "survival",
    "survival_text",
    "timeline_text",
    "transitions",
    "transitions_text",
]
