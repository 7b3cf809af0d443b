"""A box of controls above a view, which is also what shows where no widget can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from session_ops.model import UsageError
from session_ops.show import Shown
from session_ops.visible import visible

ALL = "(all)"
"""The choice that leaves a menu without effect."""
WRAP = {"flex_flow": "row wrap"}


class Panel(widgets.VBox):  # type: ignore[misc]
    """Controls, and below them what `draw` gives for them; `shown` is the static twin of the present choice.

    The view is an HTML widget and never an Output widget: nbclient, and so papermill, sometimes waits for ever on output that is captured
    in one.
    """

    def __init__(
        self, controls: Sequence[Any], draw: Callable[[], Shown], side: Any = None, live: Sequence[Any] | None = None
    ) -> None:
        """`side` stands at the left of the view; a change of one of `live` (default: all controls and the side) draws anew."""
        self._draw = draw
        self._drawing = False
        self.shown = Shown("", "")
        self.view = widgets.HTML(layout={"flex": "1 1 30em", "min_width": "0"})
        body = self.view if side is None else widgets.HBox([side, self.view], layout=WRAP)
        super().__init__([widgets.HBox(controls, layout=WRAP), body])
        for control in live if live is not None else [*controls, *([side] if side is not None else [])]:
            control.observe(self.redraw, "value")
        self.redraw()

    def redraw(self, _change: object = None) -> None:
        """Draw the view for the present choice; a control that drawing itself changes does not draw again."""
        if self._drawing:
            return
        self._drawing = True
        try:
            self.show(self._draw())
        except UsageError as error:
            said = visible(str(error))
            self.show(Shown(f'<p role="alert">✗ {escape(said)}</p>', said))
        finally:
            self._drawing = False

    def show(self, shown: Shown) -> None:
        """Let the view be this."""
        self.shown = shown
        self.view.value = shown.html

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/html": self.shown.html, "text/plain": self.shown.text}


def menu(name: str, values: Sequence[str]) -> Any:
    """A menu of texts with "(all)" on top."""
    return widgets.Dropdown(options=[(ALL, ""), *((visible(v, 60), v) for v in values)], value="", description=name)


def call(function: str, first: str, given: Mapping[str, Any]) -> str:
    """The Python call that gives a view; what is left at its default is left out."""
    more = "".join(f", {name}={value!r}" for name, value in given.items() if value)
    return f"explore.{function}({first}{more})"


def with_command(shown: Shown, *lines: str) -> Shown:
    """A view and, below it, the lines that give it again."""
    code = "<br>".join(f"<code>{escape(visible(line))}</code>" for line in lines)
    return Shown(f"{shown.html}<p><small>the same view:</small> {code}</p>", "\n".join((shown.text, "the same view: ", *lines)))


def joined(*parts: Shown) -> Shown:
    """Several things below each other."""
    return Shown("".join(part.html for part in parts), "\n".join(part.text for part in parts if part.text))


def said(text: str) -> Shown:
    """A paragraph."""
    return Shown(f"<p>{escape(visible(text))}</p>", visible(text))
