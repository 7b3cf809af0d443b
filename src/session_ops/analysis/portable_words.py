"""Fixes for scripts that have to run on Linux and macOS: both forms of a command, and a message where bash is too old."""

from __future__ import annotations

import re

from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix

_STAT = {"Y": "m", "s": "z", "a": "Lp", "U": "Su", "u": "u"}
"""What BSD's stat calls the fields of GNU's. Source: stat(1) of coreutils and of macOS."""
ISO = "%Y-%m-%dT%H:%M:%SZ"


def both_forms(finding: Finding, tree: Tree) -> Fix | None:
    """Try the one form and then the other, or use the one that both systems have."""
    path = finding.at.path
    edits = []
    for at in (finding.at, *finding.also):
        text = tree.lines(at.path)[at.line - 1] if 0 < at.line <= len(tree.lines(at.path)) else ""
        change = at.path == path and (_stat(text) or _sed(text) or _date(text, tree))
        if not change or text.count(change[0]) != 1:
            return None
        edits.append(Edit(path, change[0], change[1], at.line))
    why = "Each system takes the form that it has."
    return Fix(f"Write {path} so that Linux and macOS run it", (finding.id,), "review", tuple(dict.fromkeys(edits)), why=why)


def _stat(text: str) -> tuple[str, str] | None:
    found = re.search(
        r"\$\(\s*stat -c ['\"]?%(?P<field>[YsaUu])['\"]? (?P<file>\"[^\"]*\"|[\w./$@{}-]+)\s*(?:2>/dev/null\s*)?\)", text
    )
    if found is None:
        return None
    field, file = found["field"], found["file"]
    return found[0], f"$(stat -c %{field} {file} 2>/dev/null || stat -f %{_STAT[field]} {file})"


def _date(text: str, tree: Tree) -> tuple[str, str] | None:
    """A date of the form that the target itself writes, turned into seconds."""
    found = re.search(r"\$\(\s*date (?:-u )?-d (?P<value>\"\$\{?\w+\}?\"|\$\w+) \+%s\s*(?:2>/dev/null\s*)?\)", text)
    if found is None or not any(ISO in tree.text(e.path) for e in tree.files("shell", "python", "javascript")):
        return None
    value = found["value"]
    return found[0], f"$(date -d {value} +%s 2>/dev/null || date -j -u -f {ISO} {value} +%s)"


def _sed(text: str) -> tuple[str, str] | None:
    found = re.search(
        r"\bsed (?P<before>(?:-[nE] )*)-i(?: '')? (?P<script>\"(?:[^\"\\]|\\.)*\"|'[^']*') (?P<file>\"[^\"]*\"|[\w./$-]+)\s*$",
        text,
    )
    if found is None:
        return None
    file = found["file"]
    backup = f'{file[:-1]}.bak"' if file.startswith('"') else f"{file}.bak"
    return found[0].rstrip(), f"sed {found['before']}-i.bak {found['script']} {file} && rm -f {backup}"


def ask_for_bash(finding: Finding, tree: Tree) -> Fix | None:
    """End with a message where bash is older than the script needs."""
    path = finding.at.path
    major = finding.data.get("version", "4").partition(".")[0]
    lines = tree.lines(path)
    first = next((n for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")), 0)
    if not first or not major.isdigit():
        return None
    name = path.rpartition("/")[2]
    wants = f"{name} needs bash {major} or newer; install it and put it first in PATH"
    steps = (f'if [ "${{BASH_VERSINFO[0]}}" -lt {major} ]; then', f'  echo "{wants}" >&2', "  exit 1", "fi", "")
    guard = "\n".join(steps)
    edit = Edit(path, lines[first - 1], guard + lines[first - 1], first)
    why = "macOS ships bash 3.2; the script now says so in place of stopping in the middle."
    return Fix(f"Ask for bash {major} in {path}", (finding.id,), "review", (edit,), why=why)
