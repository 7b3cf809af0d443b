"""Any table with menus and a search field."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from session_ops import show
from session_ops.explore.panel import ALL, Panel


def rows(found: Sequence[dict[str, Any]], by: Sequence[str], name: str, columns: Sequence[str] | None = None) -> Panel:
    """A table with a menu for each column in `by` and a search field.

    Parameters: `name` is the expression that gives the rows, for the line that repeats the view; `columns` are shown (default all).
    """
    menus = {
        column: widgets.Dropdown(options=[ALL, *sorted({str(row.get(column, "")) for row in found})], description=column)
        for column in by
    }
    search = widgets.Text(placeholder="text", description="contains")

    def draw() -> show.Shown:
        chosen = {column: menu.value for column, menu in menus.items() if menu.value != ALL}
        kept = show.table(chosen_rows(found, chosen, search.value), columns, limit=50)
        call = command(name, chosen, search.value)
        return show.Shown(f"{kept.html}<code>{html.escape(call)}</code>", f"{kept.text}\n{call}")

    return Panel([*menus.values(), search], draw)


def chosen_rows(found: Sequence[dict[str, Any]], chosen: dict[str, str], text: str = "") -> list[dict[str, Any]]:
    """Rows whose columns have the chosen values and that contain the text in any column, case aside."""
    wanted = text.casefold()
    return [
        row
        for row in found
        if all(str(row.get(column, "")) == value for column, value in chosen.items())
        and (not wanted or any(wanted in str(value).casefold() for value in row.values()))
    ]


def command(name: str, chosen: dict[str, str], text: str = "") -> str:
    """The call that shows the same rows."""
    more = f", {text!r}" if text else ""
    return f"show.table(explore.chosen_rows({name}, {chosen!r}{more}), limit=50)"
