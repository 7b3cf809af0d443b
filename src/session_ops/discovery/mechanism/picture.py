"""A drawing of the mechanism: files on the left, the state that they touch on the right, a line for each way in which they do."""

from __future__ import annotations

from collections import Counter
from html import escape

from session_ops.discovery.mechanism.model import Act, Kind, Mechanism, Use
from session_ops.visible import visible

ACTS: dict[Act, tuple[str, str, str]] = {
    "creates": ("creates or writes", "#1a7f37", ""),
    "refreshes": ("refreshes", "#9a6700", "7 3"),
    "locks": ("locks", "#8250df", ""),
    "reads": ("reads", "#57606a", "2 4"),
    "deletes": ("deletes", "#cf222e", "10 3 2 3"),
}
"""What is done to a state: its words, its colour, the dashes that say the same without colour."""
FONT = 'font-family="ui-monospace, monospace" font-size="12"'
FILES, STATES = 14, 12
"""Rows that are drawn; the table has all."""
WIDTH, ROW, TOP, BOX = 900, 34, 56, 300


def drawing(mechanism: Mechanism) -> str:
    """The mechanism as SVG, without script and without links; empty where no state is known.

    Only code and instructions that touch at least one drawn state are drawn; those that touch most come first.
    """
    states = list(mechanism.states().items())
    if not states:
        return ""
    states = sorted(sorted(states, key=lambda s: -len(s[1]))[:STATES], key=lambda s: [k for k, _ in states].index(s[0]))
    drawn = {key for key, _ in states}
    uses = [u for u in mechanism.uses if (u.kind, u.state) in drawn]
    files = [path for path, _ in sorted(Counter(u.path for u in uses).items(), key=lambda c: (-c[1], c[0]))][:FILES]
    place = {key: n for n, (key, _) in enumerate(states)}
    weights = {path: [place[u.kind, u.state] for u in uses if u.path == path] for path in files}
    files.sort(key=lambda path: (sum(weights[path]) / len(weights[path]), path))  # fewer lines cross
    rows = max(len(files), len(states))
    height = TOP + rows * ROW + 16
    left = {path: TOP + int((n + 0.5) * ROW * rows / len(files)) for n, path in enumerate(files)}
    right = {key: TOP + int((n + 0.5) * ROW * rows / len(states)) for n, (key, _) in enumerate(states)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" {FONT} role="img">',
        f"<title>{escape(alternative(mechanism))}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend(),
        *_lines(uses, left, right),
    ]
    for path, y in left.items():
        parts += _box(12, y, visible(path), "#f6f8fa", "#1f2328")
    for (kind, state), y in right.items():
        parts += _box(WIDTH - BOX - 12, y, f"{kind}: {visible(state)}", "#fff8e5", "#1f2328")
    return "\n".join((*parts, "</svg>")) + "\n"


def alternative(mechanism: Mechanism) -> str:
    """The drawing in a sentence, for those who do not see it."""
    kinds = Counter(kind for kind, _ in mechanism.states())
    told = ", ".join(f"{many} {kind}" for kind, many in kinds.items())
    return f"Who touches which session state: {len({u.path for u in mechanism.uses})} files, {told}; the table says the same"


def _legend() -> list[str]:
    parts, x = [], 12
    for words, colour, dashes in ACTS.values():
        parts.append(_line(x, 22, x + 34, 22, colour, dashes))
        parts.append(f'<text x="{x + 40}" y="26" fill="#1f2328">{words}</text>')
        x += 60 + 8 * len(words)
    return parts


def _line(x1: int, y1: int, x2: int, y2: int, colour: str, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="1.6"{dashed}/>'


def _lines(uses: list[Use], left: dict[str, int], right: dict[tuple[Kind, str], int]) -> list[str]:
    pairs: dict[tuple[str, tuple[Kind, str]], list[Act]] = {}
    for use in uses:
        if use.path in left:
            acts = pairs.setdefault((use.path, (use.kind, use.state)), [])
            if use.act not in acts:
                acts.append(use.act)
    parts = []
    for (path, key), acts in sorted(pairs.items()):
        ordered = sorted(acts, key=list(ACTS).index)
        for n, act in enumerate(ordered):
            off = 4 * n - 2 * (len(ordered) - 1)
            _, colour, dashes = ACTS[act]
            parts.append(_line(12 + BOX, left[path] + off, WIDTH - BOX - 12, right[key] + off, colour, dashes))
    return parts


def _box(x: int, y: int, text: str, fill: str, colour: str) -> list[str]:
    shown = text if len(text) <= 39 else f"{text[:12]}…{text[-26:]}"
    return [
        f'<rect x="{x}" y="{y - 12}" width="{BOX}" height="24" rx="4" fill="{fill}" stroke="#d0d7de"/>',
        f'<text x="{x + 8}" y="{y + 4}" fill="{colour}"><title>{escape(text)}</title>{escape(shown)}</text>',
    ]
