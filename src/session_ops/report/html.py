"""report.html: one file without script and network, the same sections as report.md, its first screen answers first."""

from __future__ import annotations

import base64
import re
import struct
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from session_ops.diagnosis import picture as causes_picture
from session_ops.discovery.mechanism.picture import alternative, drawing
from session_ops.model import GATE_HOLDS_WHEN, Outcome, Severity
from session_ops.report.contents import Contents, Picture, brief
from session_ops.report.escape import anchor
from session_ops.report.markdown import CAUSES, HEADINGS, MECHANISM, TRACKED, VERDICT
from session_ops.report.patch_lines import line_kinds
from session_ops.report.text import plural
from session_ops.visible import LINE_LIMIT, visible

OPEN_FINDINGS = 25
"""Findings of one severity that are shown before the rest is folded."""
OPEN_DIFF = 24
"""Lines of a diff up to which it is shown unfolded."""
DIFF_LIMIT = 400
"""Lines of a diff that are shown at all; the patch file has the rest."""
MARKS = {
    Outcome.PASS: ("pass", "✓", "clear"),
    Outcome.FAIL: ("fail", "✗", "fails"),
    Outcome.OPEN: ("open", "?", "open"),
    Outcome.BLOCKED: ("none", "–", "blocked"),
    Outcome.NOT_APPLICABLE: ("none", "–", "n/a"),
}
"""How a gate is shown: class, sign, word."""


def html(contents: Contents) -> str:
    """The whole of report.html."""
    return _environment().get_template("report.html.j2").render(
        c=contents,
        headings=[(h.lstrip("# "), h.count("#", 0, h.index(" ")), slug(h)) for h in HEADINGS],
        verdict=VERDICT[contents.diagnosis.verdict],
        marks=MARKS,
        holds=GATE_HOLDS_WHEN,
        open_findings=OPEN_FINDINGS,
        first_with=_first_with(contents),
        tracked=TRACKED,
        causes=Picture(
            CAUSES,
            causes_picture.alternative(contents.diagnosis.causes),
            causes_picture.drawing(contents.diagnosis.causes, contents.diagnosis.gates).encode(),
        ),
        mechanism=Picture(MECHANISM, alternative(contents.mechanism), drawing(contents.mechanism).encode()),
        Severity=Severity,
    )  # fmt: skip


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return "section-" + re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("session_ops.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=_shown,
    )  # fmt: skip
    env.filters |= {
        "prose": prose,
        "anchor": anchor,
        "slug": slug,
        "picture": picture,
        "diff": diff,
        "cut": _cut,
        "plural": plural,
        "brief": brief,
    }
    env.globals |= {"diff_is_long": lambda text: text.count("\n") > OPEN_DIFF}
    return env


def _shown(value: Any) -> Any:
    """Every text that a template prints: what is invisible is shown; escaping follows."""
    return visible(value) if type(value) is str else "" if value is None else value


def prose(text: str) -> Markup:
    """A message: escaped, its code spans as code, long words breakable."""
    parts = re.split(r"`([^`]+)`", visible(text, 2000))
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def diff(text: str) -> Markup:
    """A patch with its lines marked; the sign in front of each says the same as its colour."""
    lines = text.rstrip("\n").split("\n")
    kinds = zip(line_kinds(lines[:DIFF_LIMIT]), lines, strict=False)
    parts = [Markup('<span class="{}">{}</span>').format(kind, visible(line, LINE_LIMIT) or " ") for kind, line in kinds]
    if len(lines) > DIFF_LIMIT:
        parts.append(Markup('<span class="meta">{} more lines are in the patch</span>').format(f"{len(lines) - DIFF_LIMIT:,}"))
    return Markup("").join(parts)


def picture(one: Picture) -> Markup:
    """A chart as a data URI, with its size so that nothing moves while the page opens."""
    kind = "image/svg+xml" if one.name.endswith(".svg") else "image/png"
    width, height = _size(one.data)
    size = Markup(' width="{}" height="{}"').format(width, height) if width and height else Markup("")
    data = base64.b64encode(one.data).decode()
    return Markup('<img src="data:{};base64,{}" alt="{}"{}>').format(kind, data, visible(one.alt), size)


def _size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the header of a PNG or the root of an SVG; zeros where they are not said."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    root = re.search(rb"<svg\b[^>]*>", data)
    found = dict(re.findall(rb'\b(width|height)="([\d.]+)', root[0])) if root else {}
    scale = 4 / 3 if root and re.search(rb'\bwidth="[\d.]+pt"', root[0]) else 1
    return round(float(found.get(b"width", 0)) * scale), round(float(found.get(b"height", 0)) * scale)


def _cut(text: str, limit: int = LINE_LIMIT) -> str:
    return visible(text, limit)


def _first_with(contents: Contents) -> dict[str, str]:
    """For each fix the finding that shows its diff: the first in the order of the page."""
    found: dict[str, str] = {}
    for severity in Severity:
        for finding in contents.of(severity):
            for fix in contents.fixes_of(finding):
                found.setdefault(fix.id, finding.id)
    return found
