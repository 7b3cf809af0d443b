"""Text of strangers, made safe to look at: control, ANSI and direction characters are shown, long lines are cut."""

from __future__ import annotations

import unicodedata

LINE_LIMIT = 300
"""Characters of one quoted line that are shown; the number left out is said."""
_KEPT = frozenset("\n\t")


def visible(text: str, limit: int | None = None) -> str:
    """Show what would be invisible or act on a terminal or a page, as its escape sequence. Line ends and tabs stay.

    Parameters: `limit` cuts after so many characters and says how many were left out.
    """
    if limit is not None and len(text) > limit:
        return f"{visible(text[:limit])} … ({len(text) - limit:,} more characters)"
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in _KEPT or _harmless(char) else _escaped(char) for char in text)


def one_line(text: str, limit: int | None = LINE_LIMIT) -> str:
    """The same on one line: line ends and tabs become a space."""
    return visible(" ".join(text.split()), limit)


def _harmless(char: str) -> bool:
    # Cc control, Cf format (direction marks, zero width), Cs lone surrogate, Co private use, Zl and Zp line separators
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
