"""setup.py and setup.cfg, read without running them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, EntryPoint, Field, Manifest
from session_ops.patterns import regex

_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_SECTION = regex(r"\[([^\]]+)\]\s*$")
_OPTION = regex(r"([^\s=:][^=:]*?)\s*[=:]\s*(.*)$")


def parse(text: str) -> ast.Module | None:
    """A Python module's syntax tree, or None where it does not parse; says no warnings about odd escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


UNCLOSED = "never closed"


def _unclosed(text: str) -> str:
    """What Python says of a bracket that is open at the end, which no version of Python takes; empty for any other fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text.removeprefix("\ufeff"))
        except SyntaxError as error:
            return f"{error.msg} (line {error.lineno})" if UNCLOSED in str(error.msg) else ""
        except (ValueError, RecursionError, MemoryError):
            return ""
    return ""


def read_setup_py(tree: Tree, path: str) -> Manifest | None:
    """What the call of setup() says in literals; None where there is no such call."""
    module = parse(tree.text(path).removeprefix("\ufeff"))
    if module is None:
        return Manifest("pip", path, broken=_unclosed(tree.text(path)) or "it is not Python 3")
    names: dict[str, ast.expr] = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            names[statement.targets[0].id] = statement.value
    call = next((n for n in ast.walk(module) if isinstance(n, ast.Call) and _callee(n) == "setup"), None)
    if call is None:
        return None
    given = {k.arg: (k.value.lineno, k.value) for k in call.keywords if k.arg}
    known: dict[str, Any] = {}
    dynamic = [] if all(k.arg for k in call.keywords) else ["*"]
    for key, (_, node) in given.items():
        value = _literal(node, names)
        if value is None and not (isinstance(node, ast.Constant) and node.value is None):
            dynamic.append(key)
        known[key] = value

    def text(key: str) -> str:
        return known[key] if isinstance(known.get(key), str) else ""

    fields = []
    for key, (line, node) in given.items():
        value = known[key]
        call_text = ast.unparse(node)[:200] if isinstance(node, ast.Call) else ""
        if isinstance(value, dict) and key == "package_dir":
            fields += [Field(f"package_dir.{k}", str(v), line) for k, v in value.items()]
        elif isinstance(value, list) and key not in ("install_requires", "tests_require", "setup_requires"):
            fields += [Field(key, str(v), line) for v in value]
        elif isinstance(value, (str, bool)):
            fields.append(Field(key, str(value).lower() if isinstance(value, bool) else value, line))
        elif call_text:
            fields.append(Field(key, call_text, line))
    return Manifest(
        "pip",
        path,
        text("name"),
        text("version"),
        text("license") or next((f.value for f in fields if f.value.startswith("License ::")), ""),
        tuple(dynamic),
        tuple(fields),
        tuple(_dependencies(given, names)),
        tuple(_entry_points(given, names)),
    )


def _callee(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def _literal(node: ast.expr, names: dict[str, ast.expr], depth: int = 0) -> Any:
    """The value of a literal expression, names of module level looked up; None where it is computed."""
    if depth > 5:
        return None
    if isinstance(node, ast.Name) and node.id in names:
        return _literal(names[node.id], names, depth + 1)
    if isinstance(node, (ast.List, ast.Tuple)):
        values = [_literal(n, names, depth + 1) for n in node.elts]
        return [v for v in values if v is not None]
    if isinstance(node, ast.Dict):
        pairs = ((k, v) for k, v in zip(node.keys, node.values, strict=True) if k is not None)
        return {_literal(k, names, depth + 1): _literal(v, names, depth + 1) for k, v in pairs if isinstance(k, ast.Constant)}
    if isinstance(node, ast.Constant):
        return node.value
    return None


def _lined(node: ast.expr | None, names: dict[str, ast.expr]) -> Iterator[tuple[str, int]]:
    """Literal texts of a list, each with its own line; an ini text is split into its lines."""
    if isinstance(node, ast.Name):
        node = names.get(node.id)
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node] if node is not None else []:
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            for n, part in enumerate(item.value.split("\n")):
                if part.strip():
                    yield part.strip(), item.lineno + n


def _dependencies(given: dict[str, tuple[int, ast.expr]], names: dict[str, ast.expr]) -> Iterator[Dependency]:
    groups = {"install_requires": "runtime", "tests_require": "dev", "setup_requires": "build"}
    for key, group in groups.items():
        for text, line in _lined(given[key][1], names) if key in given else ():
            if match := _NAME.match(text):
                yield Dependency(match[1], text, group, line)
    extras = given.get("extras_require")
    table = names.get(extras[1].id) if extras and isinstance(extras[1], ast.Name) else extras[1] if extras else None
    if isinstance(table, ast.Dict):
        for name, value in zip(table.keys, table.values, strict=True):
            extra = str(name.value) if isinstance(name, ast.Constant) else "?"
            for text, line in _lined(value, names):
                if match := _NAME.match(text):
                    yield Dependency(match[1], text, f"optional:{extra}", line)


def _entry_points(given: dict[str, tuple[int, ast.expr]], names: dict[str, ast.expr]) -> Iterator[EntryPoint]:
    if "scripts" in given:
        for text, line in _lined(given["scripts"][1], names):
            yield EntryPoint("bin", text.rpartition("/")[2], text, line)
    if "entry_points" not in given:
        return
    node = given["entry_points"][1]
    table = names.get(node.id, node) if isinstance(node, ast.Name) else node
    if isinstance(table, ast.Dict):
        for key, value in zip(table.keys, table.values, strict=True):
            group = str(key.value) if isinstance(key, ast.Constant) else ""
            for text, line in _lined(value, names):
                yield from _entry_point(group, text, line)
    elif isinstance(table, ast.Constant) and isinstance(table.value, str):
        group = ""
        for text, line in _lined(table, names):
            if match := _SECTION.match(text):
                group = match[1].strip()
            else:
                yield from _entry_point(group, text, line)


def _entry_point(group: str, text: str, line: int) -> Iterator[EntryPoint]:
    name, equals, value = text.partition("=")
    if equals:
        kind = "script" if group in ("console_scripts", "gui_scripts") else f"entry-point:{group}"
        yield EntryPoint(kind, name.strip(), value.split("[")[0].strip(), line)


def read_setup_cfg(tree: Tree, path: str) -> Manifest | None:
    """The [metadata] and [options*] sections; None where there is neither (a file that only configures tools)."""
    options = list(_ini(tree.lines(path)))
    kept = [o for o in options if o[0] == "metadata" or o[0].startswith("options")]
    if not kept:
        return None

    def text(section: str, key: str) -> str:
        value = next((v for s, k, v, _ in kept if (s, k.replace("-", "_")) == (section, key)), "")
        return "" if value.startswith(("attr:", "file:")) else value

    dependencies: list[Dependency] = []
    entry_points: list[EntryPoint] = []
    fields: list[Field] = []
    for section, raw, value, line in kept:
        key = raw.replace("-", "_")
        groups = {"install_requires": "runtime", "tests_require": "dev", "setup_requires": "build"}
        group = groups.get(key) if section == "options" else f"optional:{raw}" if section == "options.extras_require" else None
        if group:
            if value and (match := _NAME.match(value)):
                dependencies.append(Dependency(match[1], value, group, line))
        elif section == "options.entry_points":
            entry_points += _entry_point(key, value, line)
        elif section == "options" and key == "scripts":
            entry_points.append(EntryPoint("bin", value.rpartition("/")[2], value, line))
        elif section == "options" and key == "package_dir":
            where, _, place = value.partition("=")
            fields.append(Field(f"package_dir.{where.strip()}", place.strip(), line))
        elif value:
            name = key if section in ("metadata", "options") else f"{section.removeprefix('options.')}.{key}"
            fields.append(Field(name, value, line))
    dynamic = tuple(k for _, k, v, _ in kept if v.startswith(("attr:", "file:")))
    licence = text("metadata", "license") or next((f.value for f in fields if f.value.startswith("License ::")), "")
    name, version = text("metadata", "name"), text("metadata", "version")
    return Manifest("pip", path, name, version, licence, dynamic, tuple(fields), tuple(dependencies), tuple(entry_points))


def _ini(lines: list[str]) -> Iterator[tuple[str, str, str, int]]:
    """(section, key, value, line) of an ini file; every line of a value of several lines comes by itself."""
    section = key = ""
    for number, raw in enumerate(lines, 1):
        text = re.sub(r"(^|\s)[#;].*$", "", raw.removeprefix("\ufeff")).rstrip()
        if not text.strip():
            continue
        if raw[:1] in (" ", "\t") and key:
            yield section, key, text.strip(), number
        elif match := _SECTION.match(text.strip()):
            section, key = match[1].strip(), ""
        elif match := _OPTION.match(text):
            key = match[1].strip()
            if match[2]:
                yield section, key, match[2].strip(), number
