"""Lines that take a lock or set a trap and that a commit took away, while what they served is still there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, fact, fact_ahead, rule

if TYPE_CHECKING:
    from concurrent.futures import Future

    LockCommits = Future[tuple[bytes, str]] | None

MOST = 60
"""Commits that are looked at, newest first, among those that touched such a line."""
TAKES = regex(
    r"^\s*(?:if !? ?)?flock\s+(?!-u\b|--unlock\b)\S|\bfcntl\.(?:flock|lockf)\([^)]*LOCK_(?:EX|SH)"
    r"|^\s*with [\w.]*_?(?:file_?lock|FileLock|lock_file)\w*(?:\(.*\))?\s*(?:as \w+)?:"
    r"|^\s*(?:if !? ?|until |while ! ?)mkdir (?!-p)[^;]*lock|\block(?:file)?\.lock(?:Sync)?\(|\.flock\(File::LOCK_(?:EX|SH)",
    re.IGNORECASE,
)
HELPER = regex(
    r"(?m)^\s*(?:if !? ?)?(?:with_\w*lock\w*|acquire_\w*lock\w*|take_\w*lock\w*|lock_acquire|\w+_lock_acquire)\s+\S",
    re.IGNORECASE,
)
"""A call of a helper that takes a lock: what it does inside is the lock now."""
TRAPS = regex(r"^\s*trap\s+(?!-)(?P<what>'[^']+'|\"[^\"]+\"|[\w:-]+)\s+.*\b(?:EXIT|0|INT|TERM|HUP)\b")
ASKED = "flock|LOCK_EX|LOCK_SH|[Ff]ile_?[Ll]ock|lock_file|trap |mkdir .*lock|lock(Sync)?[(]"
"""What git looks for in added and removed lines; POSIX, extended."""
CODE = frozenset(("shell", "zsh", "python", "javascript", "typescript", "ruby"))


@dataclass(frozen=True)
class Dropped:
    """A line that a commit took away: where it stood, as the text now (`now`) and with the line again (`then`)."""

    path: str
    line: int
    text: str
    commit: str
    date: str
    now: str
    then: str


DroppedLines = tuple[Dropped, ...]


@fact_ahead
def lock_commits(tree: Tree) -> LockCommits:
    """The newest commits that touched a line about a lock or a trap, with their changes; git may need seconds to find them."""
    if tree.git.root is None or not tree.git.head:
        return None
    place = ["--", tree.prefix.rstrip("/")] if tree.prefix else []
    words = ("log", "-p", "--unified=3", f"--max-count={MOST}", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
    options = ("--extended-regexp", "--no-show-signature", "--no-relative", "--format=%x01%H %cs", f"-G{ASKED}")
    return tree.git.start(*words, *options, *place)


@fact
def dropped_lines(tree: Tree, lock_commits: LockCommits) -> DroppedLines:
    """Lines about locks and traps that a commit removed from files which are still there and otherwise unchanged at that place."""
    if lock_commits is None:
        return ()
    try:
        raw, _ = lock_commits.result()
    except (OSError, subprocess.SubprocessError):
        return ()
    found = []
    for part in raw.decode("utf-8", "replace").split("\x01")[1:]:
        head, _, body = part.partition("\n")
        commit, _, date = head.partition(" ")
        found += list(_in_commit(tree, commit, date, body))
    return tuple(dict.fromkeys(found))


def _in_commit(tree: Tree, commit: str, date: str, body: str) -> Iterator[Dropped]:
    path = ""
    hunk: list[str] = []
    for line in [*body.split("\n"), "@@"]:
        if line.startswith(("diff --git ", "@@")):
            if path in tree.entries and hunk:
                yield from _in_hunk(tree, path, commit, date, hunk)
            hunk = []
        if line.startswith("+++ b/"):
            path = line[6:].rstrip("\t").removeprefix(tree.prefix)
        elif line.startswith("+++ "):
            path = ""
        elif line and line[0] in " +-" and not line.startswith("---"):
            hunk.append(line)


def _in_hunk(tree: Tree, path: str, commit: str, date: str, hunk: list[str]) -> Iterator[Dropped]:
    """Runs of removed lines that hold such a line, with no like line added in their place."""
    at = 0
    while at < len(hunk):
        if hunk[at][0] == " ":
            at += 1
            continue
        end = at
        while end < len(hunk) and hunk[end][0] != " ":
            end += 1
        removed = [line[1:] for line in hunk[at:end] if line[0] == "-"]
        added = [line[1:] for line in hunk[at:end] if line[0] == "+"]
        wanted = next((line for line in removed if TAKES.search(line) or TRAPS.search(line)), "")
        before = _context(hunk[:at][::-1])[::-1]
        after = _context(hunk[end:])
        at = end
        if not wanted or len(removed) > 6 or any(TAKES.search(line) or TRAPS.search(line) for line in added):
            continue
        now, then = "\n".join([*before, *added, *after]), "\n".join([*before, *removed, *after])
        text = tree.text(path).replace("\r\n", "\n")
        if not now.strip() or text.count(now) != 1 or any(wanted.strip() in line for line in tree.lines(path)):
            continue
        line = text.count("\n", 0, text.index(now)) + 1
        yield Dropped(path, line + len(before) - bool(before and not added), wanted, commit, date, now, then)


def _context(lines: list[str]) -> list[str]:
    found = []
    for line in lines[:3]:
        if line[0] != " ":
            break
        found.append(line[1:])
    return found


def bring_back(finding: Finding) -> Fix | None:
    """Write the line where it stood."""
    if "then" not in finding.data:
        return None
    now, then = json.loads(finding.data["now"]), json.loads(finding.data["then"])
    edit = Edit(finding.at.path, now, then, int(finding.data["from"]))
    return Fix(
        f"Bring `{finding.data['line'][:60]}` back", (finding.id,), "review", (edit,), why="What it served is still there."
    )


def _finding(tree: Tree, one: Dropped, message: str, impact: str) -> Finding:
    start = tree.text(one.path).replace("\r\n", "\n").index(one.now)
    data = {
        "now": json.dumps(one.now), "then": json.dumps(one.then), "line": one.text.strip(),
        "from": str(tree.text(one.path).replace("\r\n", "\n").count("\n", 0, start) + 1),
    }  # fmt: skip
    return Finding(
        f"{message}: commit {one.commit[:8]} of {one.date} took it away",
        tree.evidence(one.path, one.line),
        impact=impact,
        data=data,
    )


def _each(tree: Tree, lines: DroppedLines, wanted: Callable[[Dropped], bool]) -> Iterator[Dropped]:
    for one in lines:
        entry = tree.entries.get(one.path)
        if entry is not None and entry.language in CODE and not not_deployed(one.path) and wanted(one):
            yield one


@rule("LOCK-DROPPED", gate="coordinate", category="lock", fix=bring_back)
def lock_no_longer_taken(tree: Tree, dropped_lines: DroppedLines) -> Iterator[Finding]:
    """A commit took away the line that takes a lock, and what was done under the lock is still done.

    Why: two sessions at once then write the same state, and nothing in the file shows that it was ever otherwise. Only where the lines around
    it are as they were and no other line of the file takes a lock of the kind in its place; a lock that was moved or replaced passes.
    Do: Bring the line back, or take out what it served (the release, the lock file) together with it.
    Source: git's history of the file.
    """
    if not dropped_lines:
        raise NotApplicable("no commit took such a line away")
    for one in _each(tree, dropped_lines, lambda d: TAKES.search(d.text) is not None):
        call = re.search(r"[\w.]+(?=\()|^\s*(?:if !? ?|until |while ! ?)?(\w+)", one.text)
        kind = (call[1] or call[0]) if call else ""
        still = [n for n, line in enumerate(tree.lines(one.path), 1) if TAKES.search(line) and kind in line]
        if len(still) > 1 or HELPER.search(tree.text(one.path)):
            continue
        yield _finding(
            tree, one, f"nothing takes the lock here any more (`{one.text.strip()[:80]}`)",
            "Two sessions at once change the same state, and one of the changes is lost.",
        )  # fmt: skip


OPEN_TRAP = regex(r"(?m)^\s*trap\s+(?:--\s+)?(?:'[^'\n]*$[^']*'|\"[^\"\n]*$[^\"]*\")\s+[^\n]*\b(?:EXIT|0)\b")
"""A trap for the end whose action goes over several lines."""


@rule("TRAP-DROPPED", gate="coordinate", category="cleanup", fix=bring_back)
def trap_no_longer_set(tree: Tree, dropped_lines: DroppedLines) -> Iterator[Finding]:
    """A commit took away the trap, and what it called or removed at the end is still there.

    Why: when the script is interrupted or fails, its lock, temporary files and helpers stay behind. Only where the function that the trap
    called, or the variable that it removed, still stands in the script, and the lines around it are as they were.
    Do: Bring the line back, or remove the function together with it.
    Source: POSIX.1-2024, Shell & Utilities, trap; git's history of the file.
    """
    if not dropped_lines:
        raise NotApplicable("no commit took such a line away")
    for one in _each(tree, dropped_lines, lambda d: TRAPS.search(d.text) is not None):
        match = TRAPS.search(one.text)
        what = match["what"].strip("'\"") if match else ""
        text = tree.text(one.path)
        name = re.match(r"[\w:-]+", what)
        served = name is not None and re.search(rf"^\s*(?:function\s+)?{re.escape(name[0])}\s*\(\)", text, re.MULTILINE)
        used = [v for v in re.findall(r"\$\{?(\w+)", what) if re.search(rf"\b{v}=", text)]
        if not served and not used:
            continue
        kept = [line for line in tree.lines(one.path) if TRAPS.search(line)]
        if any(what in line and not line.startswith((" ", "\t")) for line in kept):
            continue
        if name is not None and any(re.search(rf"\b{re.escape(name[0])}\b[^#]*\bEXIT\b", line) for line in kept):
            continue  # another trap does the same and more
        if OPEN_TRAP.search(text):
            continue  # a trap over several lines has taken its place
        found = _finding(
            tree, one, f"`{what[:60]}` no longer runs at the end of the script",
            "What the script made stays behind when it is interrupted or fails.",
        )  # fmt: skip
        # one trap for the end may have taken over what this one did
        yield replace(found, confidence="possible") if any(re.search(r"\b(?:EXIT|0)\b", line) for line in kept) else found
