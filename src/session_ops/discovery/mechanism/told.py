"""Uses of session state by instructions in Markdown that agents carry out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.mechanism.model import Act, Use, kind_of
from session_ops.patterns import regex

_VERB: tuple[tuple[re.Pattern[str], Act, str], ...] = (
    (regex(r"\b(?:delete|remove|clear|empty|clean up)\b", re.IGNORECASE), "deletes", "delete"),
    (regex(r"\bappend\b", re.IGNORECASE), "creates", "append"),
    (regex(r"\b(?:create|write|update|set|save|record|store|overwrite|echo)\b", re.IGNORECASE), "creates", "whole"),
    (regex(r"\b(?:read|check|look|open|load|get|find|see)\b", re.IGNORECASE), "reads", "read"),
)
_BACK = regex(
    r"\b(?:write|save|put)\b[^.`]{0,40}\bback\b|\b(?:set|update|change|increment|add|mark)\b[^.]{0,120}\b(?:and|then)\s+(?:write|save|rewrite)\b",
    re.IGNORECASE,
)
"""After a file that was read: what is changed in it is put back."""
_SPAN = regex(r"`([^`\n]{3,120})`")


def uses(path: str, lines: list[str]) -> Iterator[Use]:
    """Paths in code marks after a verb that says what the reader shall do with them."""
    for number, text in enumerate(lines, start=1):
        if len(text) > 2000 or "`" not in text:
            continue
        for match in _SPAN.finditer(text):
            span = match[1].strip()
            if " " in span or not re.search(r"[/.]", span) or span.endswith((".sh", ".py", ".ts")):
                continue
            label = re.sub(r"<[^>]*>|\{[^}]*\}|\$\w+|\[[^\]]*\]|YYYY[\w-]*", "*", span).removeprefix("./")
            kind = kind_of(label)
            if kind is None:
                continue
            before = text[: match.start()]
            said = [(m.start(), act, way) for verb, act, way in _VERB for m in verb.finditer(before)]
            if said:
                _, act, way = max(said)
                yield Use(label, kind, act, way, path, number, "", span, "markdown")
                if act == "reads" and _BACK.search(text[match.end() :]):
                    yield Use(label, kind, "creates", "whole", path, number, "", span, "markdown")
