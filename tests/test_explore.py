from __future__ import annotations

from typing import Any

import ipywidgets

from session_ops import explore, show

ROWS = [
    {"severity": "critical", "place": "a.sh:1", "message": "<script>alert(1)</script>"},
    {"severity": "gap", "place": "README.md:3", "message": "names nothing"},
]


def every(widget: Any) -> list[Any]:
    return [widget, *(w for child in getattr(widget, "children", ()) for w in every(child))]


def test_the_view_follows_the_menus_and_prints_the_call_that_repeats_it() -> None:
    box = explore.rows(ROWS, ["severity"], "rows")
    menu = next(w for w in every(box) if isinstance(w, ipywidgets.Dropdown))
    search = next(w for w in every(box) if isinstance(w, ipywidgets.Text))
    view = next(w for w in every(box) if isinstance(w, ipywidgets.HTML))
    assert menu.options == (explore.ALL, "critical", "gap")
    assert "a.sh:1" in view.value
    assert "<script>" not in view.value
    menu.value = "gap"
    assert "a.sh:1" not in view.value
    assert "show.table(explore.chosen_rows(rows, {&#x27;severity&#x27;: &#x27;gap&#x27;}), limit=50)" in view.value
    menu.value, search.value = explore.ALL, "SCRIPT"
    assert "a.sh:1" in view.value
    assert "README.md:3" not in view.value


def test_the_printed_call_gives_the_same_rows() -> None:
    call = explore.command("rows", {"severity": "gap"}, "names")
    assert call == "show.table(explore.chosen_rows(rows, {'severity': 'gap'}, 'names'), limit=50)"
    shown = eval(call, {"show": show, "explore": explore, "rows": ROWS})  # the point: it can be pasted
    assert "README.md:3" in shown.html
    assert "a.sh:1" not in shown.html


def test_no_output_widget_is_used() -> None:
    """nbclient sometimes waits for ever on output that an Output widget captures: a nightly batch would hang."""
    assert not [w for w in every(explore.rows(ROWS, ["severity"], "rows")) if isinstance(w, ipywidgets.Output)]
