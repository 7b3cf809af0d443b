"""The fix of a dangling reference: name the file that is there, in the way the place is written."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence

from session_ops.discovery.files import Tree
from session_ops.discovery.references import Reference, References
from session_ops.model import Edit, Finding, Fix, Move

Change = tuple[str, int, str, str]
"""Path, line, old text, new text."""


def rewritten(tree: Tree, reference: Reference, candidate: str) -> Change | None:
    """The change that makes one place name `candidate`; None where the path is computed or occurs twice in its line."""
    literal = reference.literal
    if candidate and reference.place == "python" and reference.act == "import":
        return _imported(tree, reference, candidate)
    if not literal or not candidate:
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


def _imported(tree: Tree, reference: Reference, candidate: str) -> Change | None:
    """The change of a Python import, absolute or relative as it is written."""
    lines = tree.lines(reference.source)
    written = lines[reference.line - 1] if 0 < reference.line <= len(lines) else ""
    module = re.match(rf"\s*(?:from\s+|import\s+){re.escape(reference.text)}(?=[\s,]|$)", written)
    if module is None or not candidate.endswith(".py"):
        return None
    dots = len(reference.text) - len(reference.text.lstrip("."))
    base = posixpath.dirname(reference.source) if dots else reference.anchor
    for _ in range(dots - 1):
        base = posixpath.dirname(base)
    path = posixpath.relpath(candidate, base or ".")
    if path.startswith(".."):
        return None
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    old = module[0].strip()
    return reference.source, reference.line, old, old[: -len(reference.text)] + "." * dots + name


def exact_edits(changes: Sequence[Change], title: str, *, safe: bool = False) -> dict[str, str]:
    """Changes as a finding's data, with the title of the fix; empty where there is none."""
    unique = list(dict.fromkeys(changes))
    return (
        {"edits": json.dumps(unique, ensure_ascii=False), "title": title, "safety": "safe" if safe else "review"}
        if unique
        else {}
    )


def repoint(finding: Finding, tree: Tree, references: References) -> Fix | None:
    """Make every place of the finding name the file that is there; or put the file back where everybody looks for it."""
    if _sought(finding, references):
        return None  # once it is back where others look for it, what it names itself is right again
    if back := _put_back(finding, tree, references):
        return back
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


def _sought(finding: Finding, references: References) -> bool:
    """Do others look for the finding's own file where it used to lie?"""
    places = {at.path for at in (finding.at, *finding.also)}
    return any(
        r.verdict == "missing" and r.act in ("import", "source") and r.source not in places and places & set(r.candidates)
        for r in references
    )


def _put_back(finding: Finding, tree: Tree, references: References) -> Fix | None:
    """Move a file back to where all that name it look for it; it is the only one of its name that no code finds where it lies."""
    places = {(at.path, at.line) for at in (finding.at, *finding.also)}
    lost = [
        r
        for r in references
        if r.verdict == "missing" and (r.source, r.line) in places and r.act in ("import", "source", "run")
    ]
    used = {r.target for r in references if r.verdict == "resolves" and r.place != "markdown"}
    moves: dict[str, str] = {}
    for reference in lost:
        loose = [path for path in reference.candidates if not _named(path, used)]
        if len(loose) != 1 or not reference.target or reference.target.startswith(".."):
            return None
        found = loose[0]
        ending = posixpath.splitext(found)[1]
        wanted = reference.target if posixpath.splitext(reference.target)[1] == ending else reference.target + ending
        if posixpath.basename(wanted) != posixpath.basename(found) or not tree.is_folder(posixpath.dirname(wanted)):
            return None
        if moves.setdefault(found, wanted) != wanted:
            return None
    if not moves:
        return None
    asked = sum(r.verdict == "missing" and found in r.candidates for r in references for found in moves)
    if "edits" in finding.data and asked < 2 * len(moves):
        return None
    follow = [rewritten(tree, r, moves[r.target]) for r in references if r.verdict == "resolves" and r.target in moves]
    edits = tuple(Edit(path, old, new, line) for path, line, old, new in dict.fromkeys(filter(None, follow)))
    names = ", ".join(moves.values())
    why = "It is the only file of this name that nothing finds where it lies."
    return Fix(f"Move {names} back", (finding.id,), "review", edits, moves=tuple(Move(a, b) for a, b in moves.items()), why=why)


def _named(found: str, used: set[str]) -> bool:
    stem = posixpath.splitext(found)[0]
    return found in used or stem in used
