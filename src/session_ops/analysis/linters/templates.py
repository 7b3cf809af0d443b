"""Files that are made into something else before anybody runs them."""

from __future__ import annotations

from session_ops.discovery.files import Tree
from session_ops.patterns import regex

_BLOCK = regex(r"\{%-?\s*\w+|<%[=-]?\s")
_VALUE = regex(r"\{\{.*\}\}|@\w+@|\$\{\{|__[A-Z_]+__")
_NAME = regex(r"\{\{|\{%|\.(?:j2|jinja2?|tmpl|tpl|erb|in|mustache|hbs|template)(?:\.|$)")


def is_template(tree: Tree, path: str, line: int) -> bool:
    """Does a file, or the neighbourhood of a line (from 1), or its name say that something is filled in first: Jinja, ERB, Go, cookiecutter, autoconf?"""
    near = tree.lines(path)[max(line - 3, 0) : line + 2]
    return bool(_NAME.search(path) or _BLOCK.search(tree.text(path)) or any(map(_VALUE.search, near)))
