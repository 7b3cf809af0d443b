"""YAML as nodes with lines: composed, never constructed, so that tags run nothing and aliases stay shared."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from session_ops.discovery.files import Tree
from session_ops.patterns import regex

if TYPE_CHECKING:
    from ruamel.yaml import YAML

T = TypeVar("T")
SIZE_LIMIT = 400_000
"""Characters; longer YAML is generated, and the pure Python parser needs seconds for it."""
ALIAS_LIMIT = 200
DEPTH_LIMIT = 8
ENTRY_LIMIT = 2_000
"""Entries that `flat` gives for one node: an alias bomb ends here."""
NESTED_LIMIT = 500
"""Openings of lists and maps up to which libyaml is asked: it is five times as quick, but its C recursion kills the process on deep texts."""
_ITEM = regex(r"[-?][ \t]")
_TEMPLATE = regex(r"(?<!\$)\{\{|\{%|<%[=-]?\s")
_DEEP = regex(r"(?:[\[{]\s*){60}")
_ALIAS = regex(r"(?:^|[\s,\[:-])\*[\w-]+", re.MULTILINE)


@dataclass
class Notes:
    """What was met while deployment files were read: (path, line, text)."""

    problems: list[tuple[str, int, str]] = field(default_factory=list)
    left_alone: list[tuple[str, int, str]] = field(default_factory=list)


def read_yaml(text: str, read: Callable[[YAML], T]) -> T:
    """What `read` makes of a text with a safe reader: libyaml where it can, else the slower one in Python, which decides.

    libyaml is not asked where its recursion could overflow (a block is at most as deep as it is indented, and on one line only `- ` and
    `? ` nest), and not believed where it refuses: it knows YAML 1.1 alone, where `[a:b]` is an error. Without ruamel.yaml.clib both are one.

    Raises:
        YAMLError, RecursionError, ValueError: the text does not parse.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import ReusedAnchorWarning, YAMLError

    deep = (
        text.count("[") + text.count("{") > NESTED_LIMIT
        or " " * NESTED_LIMIT in text
        or any(len(_ITEM.findall(line)) > NESTED_LIMIT for line in text.split("\n") if len(line) > NESTED_LIMIT)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        if not deep:
            with contextlib.suppress(YAMLError, ValueError, AssertionError):
                return read(YAML(typ="safe"))
        try:
            return read(YAML(typ="safe", pure=True))
        except AssertionError as error:  # of a %YAML directive that it does not know
            raise ValueError(str(error)) from None


def load(tree: Tree, path: str, notes: Notes) -> Any:
    """The root node of a YAML file; None (and a note) for a template, a giant, or a text that does not parse."""
    text = tree.text(path).removeprefix("\ufeff")
    if len(text) > SIZE_LIMIT or len(_ALIAS.findall(text)) > ALIAS_LIMIT or _DEEP.search(text):
        notes.left_alone.append((path, 0, "too large, too deep or too many aliases to be read"))
        return None
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return read_yaml(text, lambda yaml: yaml.compose(text))
    except (YAMLError, RecursionError, ValueError, AttributeError, TypeError, KeyError) as error:
        mark = error.problem_mark or error.context_mark if isinstance(error, MarkedYAMLError) else None
        line = mark.line + 1 if mark else 0
        hint = _TEMPLATE.search(text)
        if hint:
            notes.left_alone.append(
                (path, text.count("\n", 0, hint.start()) + 1, "a template: it is YAML only after it was rendered")
            )
        else:
            said = (getattr(error, "problem", None) or str(error) or type(error).__name__).splitlines()[0]
            notes.problems.append((path, min(line, len(tree.lines(path))), said))
        return None


def is_map(node: Any) -> bool:
    """Is this node a mapping?"""
    return getattr(node, "id", "") == "mapping"


def is_list(node: Any) -> bool:
    """Is this node a sequence?"""
    return getattr(node, "id", "") == "sequence"


def is_scalar(node: Any) -> bool:
    """Is this node a scalar?"""
    return getattr(node, "id", "") == "scalar"


def items(node: Any, depth: int = 0) -> dict[str, tuple[int, Any]]:
    """A mapping's entries: key to (line of the key, value node). Merge keys (`<<`) are followed; own entries win."""
    found: dict[str, tuple[int, Any]] = {}
    if not is_map(node):
        return found
    merged: dict[str, tuple[int, Any]] = {}
    for key, value in node.value:
        if not is_scalar(key):
            continue
        if key.value == "<<" and depth < 3:
            for other in value.value[:20] if is_list(value) else [value]:
                merged = items(other, depth + 1) | merged
        else:
            found[str(key.value)] = (key.start_mark.line + 1, value)
    return merged | found


def get(node: Any, key: str) -> Any:
    """The value node of a key, or None."""
    return items(node).get(key, (0, None))[1]


def text_of(node: Any) -> str:
    """A scalar's text; empty for null and for anything else."""
    if not is_scalar(node) or str(getattr(node, "tag", "")).endswith(":null"):
        return ""
    return str(node.value)


def text_line(node: Any) -> int:
    """The line of a scalar's first character: for a block scalar the line after its `|` or `>`."""
    return int(node.start_mark.line) + (2 if getattr(node, "style", None) in ("|", ">") else 1)


def flat(node: Any) -> tuple[dict[str, str], dict[str, int]]:
    """All scalars below a node by dotted key (`ports.0`, `build.context`), and the lines of the keys, inner nodes included."""
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    for name, line, value in _walk(node, "", 0):
        if len(places) >= ENTRY_LIMIT:
            break
        places[name] = line
        if is_scalar(value):
            values[name] = text_of(value)
    return values, places


def _walk(node: Any, prefix: str, depth: int) -> Iterator[tuple[str, int, Any]]:
    if depth > DEPTH_LIMIT:
        return
    if is_map(node):
        for key, (line, value) in items(node).items():
            yield f"{prefix}{key}", line, value
            yield from _walk(value, f"{prefix}{key}.", depth + 1)
    elif is_list(node):
        for number, value in enumerate(node.value):
            yield f"{prefix}{number}", value.start_mark.line + 1, value
            yield from _walk(value, f"{prefix}{number}.", depth + 1)
