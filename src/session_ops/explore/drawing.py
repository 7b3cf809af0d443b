"""Sessions as bars, drawn by hand as SVG: it is small, and drawn anew on every click."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from session_ops.visible import one_line

if TYPE_CHECKING:
    import pandas as pd

BARS = 60
"""Sessions that are drawn."""
ROW, LEFT, WIDTH, RIGHT, TOP, BOTTOM = 20, 190, 900, 30, 8, 40
MARKS = {
    "ended": ("#2f6db3", "ended"),
    "open": ("#c77700", "no end logged"),
    "silent": ("#bb2222", "gone silent"),
}
"""Colour and words of each mark; the shape at a bar's end says the same."""
TICKS = 5


def drawing(frame: pd.DataFrame, picked: str = "") -> str:
    """An SVG of session runs. A bar goes from the start to the end or to the last event; its end says which. `picked` is the name of one that stands out."""
    first, last = frame["start"].min().value, max(frame["stop"].max().value, frame["start"].min().value + 1)
    room = WIDTH - LEFT - RIGHT

    def x(at: Any) -> float:
        return round(float(LEFT + room * (at.value - first) / (last - first)), 1)

    bottom = TOP + ROW * len(frame)
    parts = []
    for tick in range(TICKS):
        at = round(LEFT + room * tick / (TICKS - 1), 1)
        anchor = "start" if tick == 0 else "end" if tick == TICKS - 1 else "middle"
        parts.append(f'<path d="M{at} {TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{at}" y="{bottom + 14}" text-anchor="{anchor}" fill="#444">{_clock(first, last, tick)}</text>')
    for number, (_, row) in enumerate(frame.iterrows()):
        parts.append(_bar(row, TOP + ROW * number, x(row["start"]), x(row["stop"]), picked))
    legend = LEFT
    for mark, (colour, words) in MARKS.items():
        if (many := int((frame["mark"] == mark).sum())) == 0:
            continue
        text = f"{words} ({many})"
        parts.append(_sign(mark, legend + 5, bottom + 29, colour))
        parts.append(f'<text x="{legend + 14}" y="{bottom + 33}" fill="#222">{text}</text>')
        legend += 30 + 7 * len(text)
    height = bottom + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )


def alternative(frame: pd.DataFrame) -> str:
    """The picture in a sentence."""
    counted = ", ".join(f"{n} {words}" for mark, (_, words) in MARKS.items() if (n := int((frame["mark"] == mark).sum())))
    first, last = frame["start"].min(), frame["stop"].max()
    return f"Timeline of {len(frame):,} sessions ({counted}), {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def _bar(row: Any, top: int, start: float, stop: float, picked: str) -> str:
    colour = MARKS[row["mark"]][0]
    ground = (
        f'<rect x="0" y="{top}" width="{WIDTH}" height="{ROW}" fill="#fff3bf"/>' if picked and row["name"] == picked else ""
    )
    name = escape(one_line(str(row["name"]), None))
    name = name if len(str(row["name"])) <= 28 else escape(one_line(f"{row['name'][:13]}…{row['name'][-13:]}", None))
    middle = top + ROW // 2
    flag = int(row["anomalies"])
    wrong = f'<text x="{min(stop + 10, WIDTH - 22)}" y="{middle + 4}" fill="#bb2222">{flag}!</text>' if flag else ""
    return (
        f'{ground}<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end" fill="#222">{name}</text>'
        f'<rect x="{start}" y="{top + 5}" width="{max(round(stop - start, 1), 1)}" height="{ROW - 10}" fill="{colour}" fill-opacity=".55"/>'
        f"{_sign(row['mark'], stop, middle, colour)}{wrong}"
    )


def _sign(mark: str, x: float, y: float, colour: str) -> str:
    shape = {
        "ended": f"M{x} {y - 6}v12",
        "open": f"M{x - 3} {y - 5}l6 5l-6 5",
        "silent": f"M{x - 4} {y - 4}l8 8m0 -8l-8 8",
    }[mark]
    return f'<path d="{shape}" stroke="{colour}" stroke-width="2" fill="none"/>'


def _clock(first: int, last: int, tick: int) -> str:
    import pandas as pd

    at = pd.Timestamp(first + (last - first) * tick // (TICKS - 1), unit="ns")
    if last - first < 86_400 * 10**9:
        return f"{at:%Y-%m-%d %H:%M:%S}" if tick == 0 else f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d %H:%M}"
