"""The fix that most rules have: one text of a line in place of another."""

from __future__ import annotations

from collections.abc import Iterable

from session_ops.discovery.files import Tree
from session_ops.model import Edit, Evidence, Finding, Fix, Safety


def rewritten(
    finding: Finding, tree: Tree, title: str, safety: Safety, why: str, besides: Iterable[Evidence] = ()
) -> Fix | None:
    """The fix that puts the finding's `new` text in place of its `old` one.

    Parameters: `besides` are further places that have to change with it. None where the finding gives no texts, or where the old one is not
    there exactly once on each of these lines.
    """
    old, new = finding.data.get("old", ""), finding.data.get("new", "")
    places = (finding.at, *besides)
    if not old or any(tree.lines(place.path)[place.line - 1].count(old) != 1 for place in places):
        return None
    return Fix(title, (finding.id,), safety, tuple(Edit(place.path, old, new, place.line) for place in places), why=why)
