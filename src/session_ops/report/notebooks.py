"""Executed notebooks as they may leave the machine: outputs, tracebacks, injected parameters and metadata are masked."""

from __future__ import annotations

import base64
import json
import re
from pathlib import PurePosixPath
from typing import Any

from session_ops.report.redact import Redactor

_DATA = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")
"""Pictures inside HTML: their letters are no text."""
_KERNEL_FILE = re.compile(r"(?:[\w.~-]*/)*ipykernel_\d+/\d+\.py")
"""Where IPython says that a cell's code lies: a temporary folder and a process id."""
_BINARY = re.compile(r"image/(?!svg)|application/pdf")


def masked(text: str, hide: Redactor) -> str:
    """The text of a notebook file, masked; a cell's own code is only touched where it names something private.

    Raises:
        ValueError: it is no notebook.
    """
    book = json.loads(text)
    told = book["metadata"].get("papermill", {})
    for name in ("input_path", "output_path"):
        if isinstance(told.get(name), str):
            told[name] = re.sub(r"^\.[^.]+\.", "", PurePosixPath(told[name]).name)
    return json.dumps(_masked(book, hide), indent=1, ensure_ascii=False) + "\n"


def _masked(value: Any, hide: Redactor) -> Any:
    if isinstance(value, str):
        return _text(value, hide)
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):  # lines of one text: a name may not be split over two of them
            return (
                _text("".join(value), hide).splitlines(keepends=True)
                if any("\n" in one for one in value)
                else [_text(v, hide) for v in value]
            )
        return [_masked(one, hide) for one in value]
    if isinstance(value, dict):
        return {key: one if _BINARY.match(key) else _masked(one, hide) for key, one in value.items()}
    return value


def _text(text: str, hide: Redactor) -> str:
    parts: list[str] = []
    at = 0
    for picture in _DATA.finditer(text):
        parts += (_plain(text[at : picture.start()], hide), _picture(picture[0], hide))
        at = picture.end()
    return "".join((*parts, _plain(text[at:], hide)))


def _picture(uri: str, hide: Redactor) -> str:
    """A picture as it may be shared: of a drawing the texts are masked, of pixels nothing can be read here."""
    head, _, data = uri.partition(",")
    if not head.startswith("data:image/svg"):
        return uri
    try:
        drawn = base64.b64decode(data).decode("utf-8")
    except ValueError:
        return f"{head},"
    return f"{head},{base64.b64encode(_plain(drawn, hide).encode()).decode()}"


def _plain(text: str, hide: Redactor) -> str:
    return hide.text(_KERNEL_FILE.sub("cell.py", text)) if text else text
