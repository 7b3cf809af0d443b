"""Text of strangers inside Markdown: it shows as text, on GitHub too, and starts nothing."""

from __future__ import annotations

import re

from session_ops.visible import LINE_LIMIT, one_line, visible

# What may start markup inside a line on GitHub. `_` between word characters, `#`, `!` and brackets of a sentence cannot.
_SPECIAL = re.compile(r"[\\`*<|~\[\]]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_AT_START = re.compile(r"^(#{1,6}(?=\s|$)|[-+=>](?=\s|[-=]|$)|>)|^(\d+)([.)])(?=\s|$)")
_ADDRESS = re.compile(r"\b(https?|ftp|mailto|xmpp)(?=:)|\b(www)(?=\.)", re.IGNORECASE)


def inline(text: str, limit: int | None = 1000) -> str:
    """Running text on one line; usable in a table cell. Code between backticks in our own messages stays code."""
    whole = one_line(text, limit)
    parts = re.split(r"(`[^`]+`)", whole)
    shown = "".join(code(p[1:-1], cell=True) if n % 2 else _plain(p) for n, p in enumerate(parts))
    return _AT_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", shown)


def _plain(text: str) -> str:
    escaped = _SPECIAL.sub(lambda m: "\\" + m[0], text)
    if text.count("$") > 1:  # GitHub reads what stands between two as a formula
        escaped = escaped.replace("$", "\\$")
    return _ADDRESS.sub(lambda m: m[0] + "\\", escaped)  # a bare address must not become a link


def code(text: str, limit: int | None = LINE_LIMIT, *, cell: bool = False) -> str:
    """A code span that holds the text whatever it contains; `cell` escapes pipes for a table."""
    whole = one_line(text, limit) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", whole)), default=0) + 1)
    space = " " if whole.startswith("`") or whole.endswith("`") or fence != "`" else ""
    spanned = f"{fence}{space}{whole}{space}{fence}"
    return spanned.replace("|", "\\|") if cell else spanned


def block(text: str, language: str = "", indent: str = "") -> str:
    """A fenced block that the text cannot end."""
    whole = "\n".join(visible(line, LINE_LIMIT * 4) for line in text.rstrip("\n").split("\n"))
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", whole)), default=0) + 1)
    return "\n".join(
        f"{indent}{line}".rstrip() if not line else f"{indent}{line}" for line in (fence + language, *whole.split("\n"), fence)
    )


def anchor(finding_id: str) -> str:
    """The anchor of a finding's id, as report.md and report.html write it."""
    return re.sub(r"[^a-z0-9-]+", "-", finding_id.lower())
