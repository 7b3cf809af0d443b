"""Views to play with in a notebook. Each comes after its static twin and prints the call that gives the same view.

Without a person (papermill, nbval) nothing here is needed: the static twin above says the same for the default choice.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from session_ops import show

ALL = "(all)"


def rows(found: Sequence[dict[str, Any]], by: Sequence[str], name: str, columns: Sequence[str] | None = None) -> Any:
    """A table with a menu for each column in `by` and a search field.

    Parameters: `name` is the expression that gives the rows, for the line that repeats the view; `columns` are shown (default all).
    Returns an ipywidgets box.
    """
    import ipywidgets as widgets

    menus = {
        column: widgets.Dropdown(options=[ALL, *sorted({str(row.get(column, "")) for row in found})], description=column)
        for column in by
    }
    search = widgets.Text(placeholder="text", description="contains")
    # HTML and not an Output widget: nbclient, and so papermill, sometimes waits for ever on output that is captured in one
    view = widgets.HTML()

    def draw(_change: object = None) -> None:
        chosen = {column: menu.value for column, menu in menus.items() if menu.value != ALL}
        kept = chosen_rows(found, chosen, search.value)
        call = html.escape(command(name, chosen, search.value))
        view.value = f"{show.table(kept, columns, limit=50).html}<code>{call}</code>"

    for widget in (*menus.values(), search):
        widget.observe(draw, "value")
    draw()
    return widgets.VBox([widgets.HBox([*menus.values(), search]), view])


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
