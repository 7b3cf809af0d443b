"""The fix of an undeclared dependency: declare it in the manifest, in the way the manifest is written."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from session_ops.analysis.distributions import DISTRIBUTIONS, normalised, required
from session_ops.discovery.earlier import earlier
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix

UNRESTRICTED = "*"


def declare(finding: Finding, tree: Tree) -> Fix | None:
    """Add `data["needs"]` to the manifest `data["manifest"]`, with the version that it once had there where git knows it."""
    path, name = finding.data.get("manifest", ""), finding.data.get("needs", "")
    if not path or not name:
        return None
    if path.endswith("package.json"):
        return _npm(finding, tree, path, name)
    if path.endswith("pyproject.toml"):
        return _pyproject(finding, tree, path, name)
    if path.endswith(".txt"):
        return _list(finding, tree, path, name)
    return None


def distribution_of(module: str) -> str:
    """The distribution that most likely brings an import name."""
    return DISTRIBUTIONS.get(module, (normalised(module),))[0]


def _fix(finding: Finding, path: str, name: str, edit: Edit, known: bool) -> Fix:
    why = "It was declared like this before." if known else "The code imports it; the version is left open, so set a bound."
    return Fix(f"Declare {name} in {path}", (finding.id,), "safe" if known else "review", (edit,), why=why)


# --- npm


def _npm(finding: Finding, tree: Tree, path: str, name: str) -> Fix | None:
    text = tree.text(path)
    if not _json(text):
        return None
    spec = next((s for _, old in earlier(tree, path) if (s := _npm_spec(_json(old), name))), "")
    pair = f"{json.dumps(name)}: {json.dumps(spec or UNRESTRICTED)}"
    block = re.search(r'^([ \t]*)"dependencies"\s*:\s*\{([^{}]*)\}', text, re.MULTILINE)
    if block is None:
        last = re.search(r"(\S)(\s*)\}\s*$", text)
        if last is None or last[1] == "{":
            return None
        indent = _indent(text)
        new = f'{last[1]},\n{indent}"dependencies": {{\n{indent * 2}{pair}\n{indent}}}\n}}'
        line = text.count("\n", 0, last.start()) + 1
        return _fix(finding, path, name, Edit(path, text[last.start() :].rstrip(), new, line), bool(spec))
    entries = list(re.finditer(r'^([ \t]*)("(?:[^"\\]|\\.)*")\s*:', block[2], re.MULTILINE))
    if not entries:
        inner = block[1] + _indent(text)
        old = block[0].lstrip()
        return _fix(
            finding, path, name, Edit(path, old, old[: old.index("{")] + f"{{\n{inner}{pair}\n{block[1]}}}"), bool(spec)
        )
    line_of = text.count("\n", 0, block.start(2)) + 1
    after = next((e for e in entries if json.loads(e[2]) > name), None)
    if after is not None:
        at = line_of + block[2].count("\n", 0, after.start(2))
        return _fix(finding, path, name, Edit(path, after[2], f"{pair},\n{after[1]}{after[2]}", at), bool(spec))
    last_entry = entries[-1]
    old = block[2][last_entry.start(2) :].rstrip()
    at = line_of + block[2].count("\n", 0, last_entry.start(2))
    return _fix(finding, path, name, Edit(path, old, f"{old},\n{last_entry[1]}{pair}", at), bool(spec))


def _json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _npm_spec(data: dict[str, Any], name: str) -> str:
    table = data.get("dependencies")
    spec = table.get(name) if isinstance(table, dict) else None
    return spec if isinstance(spec, str) else ""


def _indent(text: str) -> str:
    found = re.search(r'^([ \t]+)"', text, re.MULTILINE)
    return found[1] if found else "  "


# --- Python


def _pyproject(finding: Finding, tree: Tree, path: str, name: str) -> Fix | None:
    text = tree.text(path)
    try:
        project = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return None
    if not isinstance(project, dict) or "name" not in project or "dependencies" in project.get("dynamic", ()):
        return None
    spec = next((s for _, old in earlier(tree, path) for s in _specs(old) if required(s) == normalised(name)), "")
    entry = json.dumps(spec or name, ensure_ascii=False)
    section = re.search(r"^\[project\][ \t]*(?:#.*)?\n", text, re.MULTILINE)
    if section is None:
        return None
    end = re.search(r"^\[", text[section.end() :], re.MULTILINE)
    body_end = section.end() + end.start() if end else len(text)
    opening = re.compile(r"^dependencies[ \t]*=[ \t]*\[", re.MULTILINE).search(text, section.end(), body_end)
    if opening is None:
        line = text[: section.end()].count("\n")
        head = text[section.start() : section.end()].rstrip("\n")
        first = _after_scalars(text[section.end() : body_end])
        at = section.end() + first
        before = text[text.rfind("\n", 0, at - 1) + 1 : at - 1] if first else head
        line = text.count("\n", 0, at - 1) + 1 if first else line
        return _fix(finding, path, name, Edit(path, before, f"{before}\ndependencies = [{entry}]", line), bool(spec))
    line = text.count("\n", 0, opening.start()) + 1
    rest = text[opening.end() : text.find("\n", opening.end())]
    written = opening[0]
    if not rest.strip() or rest.strip().startswith("#"):
        following = re.match(r"[^\n]*\n([ \t]*)", text[opening.end() :])
        indent = following[1] if following and following[1] else "    "
        return _fix(finding, path, name, Edit(path, written + rest, f"{written}{rest}\n{indent}{entry},", line), bool(spec))
    separator = "" if rest.strip().startswith("]") else ", "
    return _fix(finding, path, name, Edit(path, written, f"{written}{entry}{separator}", line), bool(spec))


def _after_scalars(body: str) -> int:
    """Where the one-line entries at the top of a table end."""
    end = 0
    for match in re.finditer(
        r"(?:[\w-]+[ \t]*=[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*'|\{[^\n]*\}|\[[^\n]*\]|true|false)[ \t]*(?:#[^\n]*)?|#[^\n]*)\n", body
    ):
        if match.start() != end:
            break
        end = match.end()
    return end


def _specs(text: str) -> Iterator[str]:
    try:
        project = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return
    listed = project.get("dependencies", []) if isinstance(project, dict) else []
    yield from (s for s in listed if isinstance(s, str)) if isinstance(listed, list) else ()


def _list(finding: Finding, tree: Tree, path: str, name: str) -> Fix | None:
    lines = tree.lines(path)
    old_lines = [line for _, old in earlier(tree, path) for line in old.splitlines()]
    spec = next((line.strip() for line in old_lines if line.strip() and required(line) == normalised(name)), "")
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 0)
    if not last:
        return None
    return _fix(finding, path, name, Edit(path, lines[last - 1], f"{lines[last - 1]}\n{spec or name}", last), bool(spec))
