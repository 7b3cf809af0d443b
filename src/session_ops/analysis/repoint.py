"""The fix of a dangling reference: name the file that is there, in the way the place is written."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence

from session_ops.discovery.files import Tree
from session_ops.discovery.references import Reference
from session_ops.model import Edit, Finding, Fix

Change = tuple[str, int, str, str]
"""Path, line, old text, new text."""


def rewritten(tree: Tree, reference: Reference, candidate: str) -> Change | None:
    """The change that makes one place name `candidate`; None where the path is computed or occurs twice in its line."""
    literal = reference.literal
    if not literal or not candidate or (reference.place == "python" and reference.act == "import"):
        return None
    lines = tree.lines(reference.source)
    written = lines[reference.line - 1] if 0 < reference.line <= len(lines) else ""
    if reference.act == "link" and written.count(f"]({literal}") == 1:
        before = "]("  # the label may say the same
    elif written.count(literal) == 1:
        before = ""
    else:
        return None
    path = posixpath.relpath(candidate, reference.anchor or ".")
    if reference.act == "import":
        stem, ending = posixpath.splitext(path)
        if not posixpath.splitext(literal)[1] and ending in (".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".json"):
            path = stem
    if literal.startswith("/"):
        path = "/" + path
    elif literal.startswith(("./", "../")) and not path.startswith("../"):
        path = "./" + path
    if literal.endswith("/") and not path.endswith("/"):
        path += "/"
    return None if path == literal else (reference.source, reference.line, before + literal, before + path)


def exact_edits(changes: Sequence[Change], title: str, *, safe: bool = False) -> dict[str, str]:
    """Changes as a finding's data, with the title of the fix; empty where there is none."""
    unique = list(dict.fromkeys(changes))
    return (
        {"edits": json.dumps(unique, ensure_ascii=False), "title": title, "safety": "safe" if safe else "review"}
        if unique
        else {}
    )


def repoint(finding: Finding) -> Fix | None:
    """Make every place of the finding name the file that is there."""
    if "edits" not in finding.data:
        return None
    edits = tuple(Edit(path, old, new, line) for path, line, old, new in json.loads(finding.data["edits"]))
    return Fix(
        finding.data["title"],
        (finding.id,),
        "safe" if finding.data["safety"] == "safe" else "review",
        edits,
        why="It is the only file of this name; the place keeps its way of writing.",
    )
