"""Views to play with in a notebook. Each comes after its static twin and prints the call that gives the same view.

Without a person (papermill, nbval) nothing here is needed: the static twin above says the same for the default choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from session_ops import show

ALL = "(all)"


def rows(found: Sequence[dict[str, Any]], by: Sequence[str], name: str, columns: Sequence[str] | None = None) -> Any:
    """A table with a menu for each column in `by` and a search field.

    Parameters: `name` is the expression that gives the rows, for the line that repeats the view; `columns` are shown (default all).
    Returns an ipywidgets box, or the plain table where ipywidgets cannot be used.
    """
    import ipywidgets as widgets
    from IPython.display import display

    menus = {
        column: widgets.Dropdown(options=[ALL, *sorted({str(row.get(column, "")) for row in found})], description=column)
        for column in by
    }
    search = widgets.Text(placeholder="text", description="contains")
    out = widgets.Output()

    def draw(_change: object = None) -> None:
        chosen = {column: menu.value for column, menu in menus.items() if menu.value != ALL}
        kept = chosen_rows(found, chosen, search.value)
        out.clear_output(wait=True)
        with out:
            display(show.table(kept, columns, limit=50))  # type: ignore[no-untyped-call]
            print(command(name, chosen, search.value))  # noqa: T201 - this line is the product

    for widget in (*menus.values(), search):
        widget.observe(draw, "value")
    draw()
    return widgets.VBox([widgets.HBox([*menus.values(), search]), out])


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
