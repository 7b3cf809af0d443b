"""The causes as a picture: causes on the left, the gates that they keep shut on the right; how sure an edge is, is its line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

from session_ops.diagnosis.phase import Cause
from session_ops.model import Confidence, Gate, GateResult, Outcome
from session_ops.visible import one_line

EDGES: dict[Confidence, tuple[str, str, str]] = {
    "proven": ("proven by an experiment", "3", ""),
    "likely": ("likely", "2", "7 4"),
    "possible": ("possible", "1.5", "2 4"),
}
"""How sure an edge is: its words, the width and the dashes of its line."""
GATES: dict[Outcome, tuple[str, str, str]] = {
    Outcome.FAIL: ("✗", "#fdeceb", "#a8231c"),
    Outcome.OPEN: ("?", "#fdf4dd", "#7a5200"),
    Outcome.BLOCKED: ("–", "#f6f8fa", "#57606a"),
    Outcome.PASS: ("✓", "#e6f5ea", "#17652f"),
    Outcome.NOT_APPLICABLE: ("·", "#f6f8fa", "#57606a"),
}
"""A gate's sign, background and letters; the sign says it without colour."""
DRAWN = 9
"""Causes that are drawn; the list has all."""
LETTERS = 66
"""Letters in a line of a cause's box; a title has two lines."""
FONT = 'font-family="system-ui, sans-serif" font-size="13"'
WIDTH, BOX, GATE, TOP, ROW = 900, 560, 150, 56, 64


def drawing(causes: Sequence[Cause], gates: Sequence[GateResult]) -> str:
    """The causes as SVG, without script and without links; empty where none keeps a gate shut."""
    drawn = [cause for cause in causes if cause.gates][:DRAWN]
    if not drawn:
        return ""
    named = {gate for cause in drawn for gate in cause.gates}
    outcome = {result.gate: result.outcome for result in gates}
    shut = [gate for gate in Gate if gate in named]
    height = TOP + max(len(drawn) * ROW, len(shut) * 38) + 12
    left = {n: TOP + int((n + 0.5) * (height - TOP - 12) / len(drawn)) for n in range(len(drawn))}
    right = {gate: TOP + int((n + 0.5) * (height - TOP - 12) / len(shut)) for n, gate in enumerate(shut)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" {FONT} role="img">',
        f"<title>{escape(alternative(causes))}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend(sorted({cause.confidence for cause in drawn}, key=list(EDGES).index)),
    ]
    for n, cause in enumerate(drawn):
        _, width, dashes = EDGES[cause.confidence]
        parts += [_edge(left[n], right[gate], width, dashes) for gate in cause.gates]
    for n, cause in enumerate(drawn):
        parts += _cause(n + 1, left[n], cause)
    for gate, y in right.items():
        parts += _gate(gate, y, outcome.get(gate, Outcome.FAIL))
    return "\n".join((*parts, "</svg>")) + "\n"


def alternative(causes: Sequence[Cause]) -> str:
    """The picture in a sentence, for those who do not see it."""
    drawn = [cause for cause in causes if cause.gates][:DRAWN]
    told = "; ".join(
        f"cause {n} keeps {', '.join(gate.value for gate in cause.gates)} shut" for n, cause in enumerate(drawn, start=1)
    )
    return f"Causes and the gates that they keep shut: {told}" if told else "No cause keeps a gate shut"


def _legend(confidences: list[Confidence]) -> list[str]:
    parts, x = [], 12
    for confidence in confidences:
        words, width, dashes = EDGES[confidence]
        parts.append(f'<line x1="{x}" y1="24" x2="{x + 40}" y2="24" stroke="#57606a" stroke-width="{width}"{_dashed(dashes)}/>')
        parts.append(f'<text x="{x + 48}" y="28" fill="#1f2328">{words}</text>')
        x += 72 + 8 * len(words)
    return parts


def _edge(y1: int, y2: int, width: str, dashes: str) -> str:
    x1, x2 = 12 + BOX, WIDTH - GATE - 12
    half = (x1 + x2) // 2
    return f'<path d="M{x1},{y1} C{half},{y1} {half},{y2} {x2},{y2}" fill="none" stroke="#57606a" stroke-width="{width}"{_dashed(dashes)}/>'


def _dashed(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _cause(number: int, y: int, cause: Cause) -> list[str]:
    many = len(cause.findings)
    below = f"{many} finding{'' if many == 1 else 's'}" + (
        f" · seen in the logs: {one_line(cause.anomalies[0], 46)}"
        + (f" and {len(cause.anomalies) - 1} more" if len(cause.anomalies) > 1 else "")
        if cause.anomalies
        else ""
    )
    title = textwrap.wrap(f"{number}. {one_line(cause.title, 400)}", LETTERS, max_lines=2, placeholder=" …")
    lines = [*((line, "600", "#1f2328") for line in title), (below, "400", "#57606a")]
    first = y - 9 * (len(lines) - 1) + 4
    return [
        f'<rect x="12" y="{y - 28}" width="{BOX}" height="56" rx="5" fill="#f6f8fa" stroke="#d0d7de"/>',
        *(
            f'<text x="24" y="{first + 18 * n}" fill="{colour}" font-weight="{weight}">{escape(line)}</text>'
            for n, (line, weight, colour) in enumerate(lines)
        ),
    ]


def _gate(gate: Gate, y: int, outcome: Outcome) -> list[str]:
    sign, fill, colour = GATES[outcome]
    x = WIDTH - GATE - 12
    return [
        f'<rect x="{x}" y="{y - 15}" width="{GATE}" height="30" rx="5" fill="{fill}" stroke="{colour}"/>',
        f'<text x="{x + 14}" y="{y + 5}" fill="{colour}" font-weight="600">{sign} {gate.value}</text>',
    ]
