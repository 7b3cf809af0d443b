"""Values of a record as columns take them."""

from __future__ import annotations

import re
from typing import Any

TEXT_LIMIT = 500
"""Characters of a message or of any other text field that are kept."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINTS = re.compile(r"[\s./:\-_]+")


def field(data: dict[str, Any], name: str) -> Any:
    """The value at a dotted name; a field that itself has a dot in its name counts first. None where there is none."""
    if name in data:
        return data[name]
    if "." not in name:
        return None
    value: Any = data
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def session_at(data: dict[str, Any], name: str) -> str | None:
    """The session that a field names. The number of a thread is the operating system's, not a conversation's."""
    value = scalar(field(data, name))
    if value is not None and name.lower().startswith("thread") and value.isdigit():
        return None
    return value


def reaches(data: dict[str, Any], name: str) -> bool:
    """Could a record of this shape have something at a dotted name? (Below the second level it is only looked at each time.)"""
    first, _, rest = name.partition(".")
    return name in data or (bool(rest) and isinstance(data.get(first), dict))


def scalar(value: Any) -> str | None:
    """A value as text; None for nothing, for an empty text, and for lists and objects."""
    if isinstance(value, str):
        return clean(value) or None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else None


def clean(value: str) -> str:
    """A text that any reader takes: unpaired surrogates and NUL become visible escapes, and it is cut to the limit."""
    value = value[:TEXT_LIMIT].strip()
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def plain(kind: str) -> str:
    """An event name without its spelling: SessionStart, session-start and session.start are session_start."""
    return _JOINTS.sub("_", _CAMEL.sub("_", kind)).strip("_").lower()


def whole(value: str | None) -> int | None:
    """A whole number of 64 bits in a text; None where there is none."""
    if value is None or not re.fullmatch(r"-?\d{1,18}", value):
        return None
    return int(value)
