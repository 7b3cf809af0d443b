"""Files that a web page asks for."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator

from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.reference import Named
from session_ops.patterns import regex

_ATTRIBUTE = regex(
    r"<(?:script|link|img|source|iframe|audio|video|embed)\b[^<>]*?\s(?:src|href)\s*=\s*[\"']([^\"'<>\n]+)[\"']", re.IGNORECASE
)
_PUBLIC = ("public", "static", "assets", "www", "src", "web", "client")
_TEMPLATE = regex(r"\{\{|\{%|<%|\$\{|<\?php|__[A-Z_]+__")
_PARTS = regex(r"(?:^|/)(?:templates?|layouts?|partials|includes|_\w+)/")
LONGEST = 400_000
"""Characters; a longer page was generated."""


def read_html(tree: Tree) -> Iterator[Named]:
    """References of the pages of the target; templates and generated pages are left out.

    Source: HTML Living Standard, URLs; Vite guide, The public Directory (its files are served at `/`).
    """
    for entry in tree.files("html"):
        text = tree.text(entry.path)
        if posixpath.basename(entry.path).startswith("_") or _PARTS.search(entry.path):
            continue
        if len(text) > LONGEST or entry.ignored or _TEMPLATE.search(text) or "<base " in text:
            continue
        commented = [m.span() for m in re.finditer(r"<!--.*?-->", text, re.DOTALL)]
        folder = posixpath.dirname(entry.path)
        for match in _ATTRIBUTE.finditer(text):
            url = html.unescape(match[1]).strip()
            if re.match(r"(?:[a-z][\w+.-]*:|//|#|%)", url, re.IGNORECASE) or any(a <= match.start() < b for a, b in commented):
                continue
            plain = re.split(r"[?#]", url)[0]
            if "." not in posixpath.basename(plain):
                continue  # a route, not a file
            line = text.count("\n", 0, match.start(1)) + 1
            yield Named(
                entry.path, line, "html", "read", url, _places(tree, folder, plain), "script", False, False, folder, plain
            )


def _places(tree: Tree, folder: str, plain: str) -> tuple[str, ...]:
    inside = plain.lstrip("/")
    if not plain.startswith("/"):
        return tuple(normal(posixpath.join(f, inside)) for f in (folder, posixpath.join(folder, "public")))
    roots, up = [folder], folder
    while up:
        up = posixpath.dirname(up)
        roots.append(up)
    places = [normal(posixpath.join(r, inside)) for r in roots]
    places += [normal(posixpath.join(r, p, inside)) for r in roots for p in _PUBLIC]
    return tuple(dict.fromkeys(places)) if _is_frontend(tree, folder) else ()


def _is_frontend(tree: Tree, folder: str) -> bool:
    """Only where a bundler's root is known do we know what `/` means."""
    return any(
        posixpath.join(folder, name) in tree.entries
        for name in ("vite.config.ts", "vite.config.js", "vite.config.mjs", "vite.config.mts", "package.json")
    )
