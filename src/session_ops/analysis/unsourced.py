"""Libraries of shell that no script takes in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside, is_test
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_LIBRARY = regex(r"(?:^|/)(?:lib|libs|libexec|functions|modules|helpers)/[^/]+\.(?:sh|bash)$")
_SOURCES = regex(r"^\s*(?:if\s+|\[[^\n]*\]\s*&&\s*)?(?:source|\.)\s[^\n]*", re.MULTILINE)
_LINTS = regex(r"(?m)^.*\b(?:shellcheck|shfmt|chmod)\b.*$")
FEWEST = 2
"""Libraries of the same folder that have to be sourced before one that is not means something."""


@rule("GAP-UNSOURCED", gate=None, category="gap")
def library_that_nothing_sources(tree: Tree) -> Iterator[Finding]:
    """A library of shell functions lies beside others that scripts source, and no script names it.

    Why: what it offers (options, hooks, a configuration file that it reads) is documented and tested, and has no effect in the product: the line that
    sources it was forgotten, or removed. Only where two others of its folder are sourced by name. Passes: folders that are sourced as a whole, files that
    are executable, names that occur in any file but tests and documents.
    Do: Source it where the others are sourced, or remove it with its tests.
    Source: POSIX.1-2024, Shell & Utilities, `.` (dot).
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for entry in tree.files("shell"):
        if _LIBRARY.search(entry.path) and not is_aside(entry.path) and not is_test(entry.path):
            folders[entry.path.rpartition("/")[0]].append(entry.path)
    if not any(len(paths) > FEWEST for paths in folders.values()):
        raise NotApplicable("no folder of shell libraries")
    texts = {
        e.path: tree.text(e.path)
        for e in tree.files()
        if e.language != "markdown" and not is_test(e.path) and not is_aside(e.path)
    }
    sourced = "\n".join(m[0] for e in tree.files("shell", "zsh") if e.path in texts for m in _SOURCES.finditer(texts[e.path]))
    everything = _LINTS.sub("", "\n".join(texts.values()))
    for folder, paths in folders.items():
        last = re.escape(folder.rpartition("/")[2])
        if re.search(rf"{last}[\"']?/[\"']?(?:\*|\$)", everything):
            continue
        named = {p for p in paths if re.search(rf"{last}[\"']?/{re.escape(p.rpartition('/')[2])}", sourced)}
        alone = [
            p for p in paths
            if p not in named and not tree.entries[p].executable
            and not any(p.rpartition("/")[2] in text for other, text in texts.items() if other != p)
        ]  # fmt: skip
        if alone and len(named) >= FEWEST:
            more = f", nor {len(alone) - 1} more" if len(alone) > 1 else ""
            yield Finding(
                f"nothing sources {alone[0]}{more}, although {len(named)} others of its folder are",
                tree.evidence(alone[0], 1),
                tuple(tree.evidence(p, 1) for p in alone[1:8]),
                "What it offers has no effect.",
                "possible",
            )
