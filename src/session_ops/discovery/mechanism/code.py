"""Uses of session state by Python, JavaScript, TypeScript, Go, Ruby and Rust."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from ast_grep_py import SgNode

from session_ops.discovery.bodies import Body, Source
from session_ops.discovery.mechanism.calls import Touch, arguments, calls_named, touches
from session_ops.discovery.mechanism.model import WORKTREE, Act, Use, kind_of
from session_ops.discovery.mechanism.names import Names
from session_ops.discovery.syntax import line_of
from session_ops.patterns import regex

_TEMPORARY = regex(r"[._-](?:te?mp|new|partial)$")
_TALK = regex(r"(?:console\.|log(?:ger)?\.|print|echo|puts|description|help|raise|throw|Error|errorf)", re.IGNORECASE)


def uses(source: Source, root: SgNode) -> Iterator[Use]:
    """Every use of session state in a file; tests inside a Rust file are left out."""
    names = Names(source)
    text = source.text
    inline = text.find("#[cfg(test)]") if source.language == "rust" else -1
    tests = source.line(inline) if inline >= 0 else len(source.lines) + 1
    through: list[tuple[Body, Touch, int, int]] = []
    for touch in touches(root, source.language):
        line = line_of(touch.node)
        if line >= tests:
            continue
        body = source.body_at(line)
        if body is not None and touch.expression in body.parameters:
            through.append((body, touch, line, body.parameters.index(touch.expression)))
        use = _use(source, names, touch.expression, touch, line, body)
        if use is not None:
            yield use
    for body, touch, line, place in through:
        yield from _given(source, names, root, body, touch, line, place)
    yield from _worktrees(source, tests)


def _given(source: Source, names: Names, root: SgNode, body: Body, touch: Touch, line: int, place: int) -> Iterator[Use]:
    """A helper that is given the path: one use for each state that its callers give."""
    seen: set[tuple[str, str]] = set()
    for node in calls_named(root, source.language, rf"(?:^|[.:]){re.escape(body.name)}$"):
        given = arguments(node)
        if len(given) <= place:
            continue
        use = _use(source, names, given[place], touch, line, body)
        caller = source.body_at(line_of(node))
        if use is not None and caller is not None and (use.state, caller.name) not in seen:
            seen.add((use.state, caller.name))
            yield replace(use, via=caller.name)


def _worktrees(source: Source, tests: int) -> Iterator[Use]:
    """Commands of git in the texts of a program."""
    for match in WORKTREE.finditer(source.text):
        line = source.line(match.start())
        if line >= tests or _TALK.search(source.lines[line - 1]):
            continue
        inside = source.body_at(line)
        act: Act = "creates" if match["verb"] == "add" else "deletes"
        name = inside.name if inside else ""
        yield Use("git worktree", "worktree", act, match["verb"], source.path, line, name, match[0], source.language)


def _use(source: Source, names: Names, expression: str, touch: Touch, line: int, body: Body | None) -> Use | None:
    label, way = names.label(expression), touch.way
    if (aside := _TEMPORARY.search(label)) is not None and touch.act == "creates":
        label, way = label[: aside.start()] or "*", "aside"
    last = re.split(r"\.|::", expression)[-1].strip("()'\" &*")
    if way == "aside" and label == "*":  # `next = self.sessions_file + ".tmp"` says in its first half what it is
        last = next((m[1] for known in names.known(last) if (m := re.match(r"[\w.]*?(\w+)\s*\+", known))), last)
    kind = kind_of(label if label != "*" else "", last if re.fullmatch(r"\w+", last) else "")
    if kind is None:
        return None
    suffix = PurePosixPath(label).suffix
    if suffix in (".py", ".ts", ".js", ".html", ".sh") or (suffix == ".md" and kind not in ("diary", "message")):
        return None
    act: Act = touch.act
    if act == "creates" and kind == "heartbeat":
        act = "refreshes"
    elif act == "creates" and kind == "lock" and way in ("exclusive", "whole"):
        act = "locks"
    shown = label if label.strip("*./") else last
    return Use(shown, kind, act, way, source.path, line, body.name if body else "", expression, source.language)
