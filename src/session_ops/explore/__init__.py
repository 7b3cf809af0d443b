"""Views to play with in a notebook. Each carries its static twin and prints the call, or the command, that gives the same view.

Without a person (papermill, nbval) and in an untrusted or converted notebook the twin is what is shown.
"""

from session_ops.explore.findings import findings, findings_view
from session_ops.explore.fixes import fixes, fixes_view
from session_ops.explore.panel import ALL
from session_ops.explore.questions import questions, questions_view
from session_ops.explore.rows import chosen_rows, command, rows
from session_ops.explore.timeline import timeline, timeline_view

__all__ = [
    "ALL", "chosen_rows", "command", "findings", "findings_view", "fixes", "fixes_view", "questions", "questions_view", "rows",
    "timeline", "timeline_view",
]  # fmt: skip
