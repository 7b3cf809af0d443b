"""How the shell rules say where something is, how sure they are of it, and how much of it they tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ast_grep_py import SgNode

from session_ops.analysis.headless import folded
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex

BESIDE = 3
"""Findings of one rule in tests, examples and archives."""


@dataclass(frozen=True)
class Fault:
    """A statement that does another thing than its script assumes; `new` would be right in place of `old`, where both are given."""

    node: SgNode
    what: str
    impact: str
    confidence: Confidence = "likely"
    old: str = ""
    new: str = ""


def place(
    tree: Tree,
    text: ShellText,
    at: SgNode | int,
    message: str,
    impact: str,
    confidence: Confidence = "likely",
    **data: str,
) -> Finding:
    """A finding at a node, or at a line of the document. Tests, examples and fenced blocks are never more than possible."""
    line = at if isinstance(at, int) else text.line(at)
    if text.aside or text.kind == "block":
        confidence = "possible"
    return Finding(
        message,
        at=tree.evidence(text.path, line),
        impact=impact,
        confidence=confidence,
        data={key: value for key, value in data.items() if value},
    )


def told(found: Iterable[Finding], each: int = 3, most: int = 12) -> Iterator[Finding]:
    """At most `each` findings for a file and `most` in all, the surest first; of tests, examples and archives three at the most."""
    once: dict[tuple[str, int], Finding] = {}
    for finding in found:
        once.setdefault((finding.at.path, finding.at.line), finding)
    beside = [one for one in once.values() if is_aside(one.at.path)]
    product = [one for one in once.values() if not is_aside(one.at.path)]
    for finding in (*folded(_each_kind_first(product, each), each, most), *folded(beside, 1, BESIDE)):
        if finding.also:  # a fix speaks for one place
            finding = replace(finding, data={k: v for k, v in finding.data.items() if k not in ("old", "new")})
        yield finding


_WORDS = regex(r"`[^`]*`|\$?\w*[_\d]\w*|\bto \w+$")
"""What tells two findings of one kind apart: the quoted command, names, line numbers."""


def _each_kind_first(found: list[Finding], each: int) -> list[Finding]:
    """At most `each` findings of a file, the first of every kind before the second of any; the last one names the places of the rest."""
    by_file: dict[str, list[tuple[int, Finding]]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for finding in found:
        kind = (finding.at.path, _WORDS.sub("", finding.message))
        by_file.setdefault(finding.at.path, []).append((seen[kind], finding))
        seen[kind] += 1
    kept: list[Finding] = []
    for ranked in by_file.values():
        group = [finding for _, finding in sorted(ranked, key=lambda one: one[0])]
        first, rest = group[:each], group[each:]
        if rest:
            places = (*first[-1].also, *(f.at for f in rest))
            first[-1] = replace(first[-1], message=f"{first[-1].message} (and {len(rest)} more places)", also=places[:50])
        kept += first
    return kept
