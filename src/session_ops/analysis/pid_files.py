"""Pid files that shall keep a second copy of a program from starting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.headless import folded
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_WRITES = regex(
    r"\bwrite(?:_text|_bytes)?\(\s*(?:f[\"']\{|str\()\s*os\.getpid\(\)|\bwriteFileSync?\([^\n]*\bprocess\.pid\b"
    r"|\bWriteFile\([^\n]*\bos\.Getpid\(\)|\bFile\.write\([^\n]*(?:\$\$|Process\.pid)"
)
_LOOKS = regex(
    r"\.exists\(|existsSync\(|os\.path\.(?:exists|isfile)\(|\.is_file\(|os\.Stat\(|File\.exist|read_?[tT]ext\(|readFileSync?\(|ReadFile\(|_?(?:read|load)_?\w*pid\w*\("
)
_ASKS_ALIVE = regex(r"alive|running|os\.kill\(|process\.kill\(|pid_exists|psutil|Signal\(|getpgid", re.IGNORECASE)
_ONE_STEP = regex(
    r"O_EXCL|flock|lockf|fcntl|os\.link\(|[\"']wx[\"']|[\"']x[\"']|exclusive|LOCK_EX|FileLock|noclobber|set -C|mkdir\s+[\"']?[^-\s]|\bln\s",
    re.IGNORECASE,
)
_SHELL_WRITES = regex(
    r"^\s*(?:echo|printf)\s+(?:[\"']%s(?:\\n)?[\"']\s+)?[\"']?\$(?:\$|BASHPID)[\"']?\s*>\s*[\"']?\$?\{?(?P<file>\w[\w./-]*)"
)


@rule("LOCK-PIDFILE", gate="coordinate", category="lock")
def looks_then_writes_its_pid(tree: Tree, bodies: Bodies, shell_texts: ShellTexts) -> Iterator[Finding]:
    """A program that shall run only once looks into its pid file first and writes it later.

    Why: two that start at the same time both find nobody, both write, and both run; the file then names one of them, and the other is stopped
    by nothing. Passes: files that are made by an exclusive creation or are locked while the program runs.
    Do: Open the pid file, take flock on it and keep it open while the program runs, or make it with O_EXCL (mode `x`, `wx`, `set -C`) and remove
    a stale one by rename.
    Source: flock(2); pidfile(3), "pidfile_open … locks it"; POSIX.1-2024, open, O_EXCL.
    """
    found: list[Finding] = []
    looked = False
    for entry in tree.files("python", "javascript", "typescript", "go", "ruby"):
        text = tree.text(entry.path)
        if ("getpid()" not in text and "process.pid" not in text and "Getpid()" not in text) or not_deployed(entry.path):
            continue
        looked = True
        source = bodies.source(entry.path)
        for match in _WRITES.finditer(source.text):
            line = source.line(match.start())
            body = source.body_at(line)
            before = "\n".join(source.lines[body.first - 1 : line - 1]) if body else ""
            if body and _LOOKS.search(before) and _ASKS_ALIVE.search(before) and not _ONE_STEP.search(source.body_text(body)):
                found.append(_finding(tree, entry.path, line))
    for shell in shell_texts:
        if shell.kind != "script" or shell.aside or "kill -0" not in shell.text or _ONE_STEP.search(shell.text):
            continue
        looked = True
        for row, text in enumerate(shell.lines):
            written = _SHELL_WRITES.match(text) if "$$" in text or "BASHPID" in text else None
            asked = "\n".join(shell.lines[max(0, row - 25) : row])
            if written and "kill -0" in asked and re.search(r"\bexit\b|\breturn\b", asked) and written["file"] in asked:
                found.append(_finding(tree, shell.path, shell.first + row))
    if not looked:
        raise NotApplicable("nothing writes its own pid")
    yield from folded(found, 1, 5)


def _finding(tree: Tree, path: str, line: int) -> Finding:
    return Finding(
        "the pid file is looked into first and written later: two that start at once both run",
        tree.evidence(path, line),
        impact="Two copies of what shall run once work on the same state.",
        confidence="possible",
    )
