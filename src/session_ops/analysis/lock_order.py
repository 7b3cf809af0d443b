"""Steps around a lock that come in the wrong order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.bodies import Bodies, Body, Source
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import BETWEEN_PROCESSES, Mechanism, Use
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_REMOVES = regex(r"\b(?:rm|rmdir|unlink)\b")
_ASKS = regex(r"\[|\btest\b|&&|\bif\b|\bcase\b|\bgrep\b|\bcmp\b")
_GIVEN = regex(r"\bflock\s+-u\b|\b9?\d?>&-|\b(?:rm|rmdir)\b[^\n]*lock|\brelease_\w*lock|\bunlock", re.IGNORECASE)
_GIVEN_CODE = regex(r"LOCK_UN\b|\.release\(|\.unlock\(|\.Unlock\(|\brelease\(\)|\bunlock\(")
_DEFINES = regex(r"^\s*(?:async\s+)?def\s|^\s*(?:export\s+)?(?:async\s+)?function\b|\bimport\b")
_NAME = r"\"[^\"\n]+\"|[^\s&|;<>()\"]+"
_WRITES = regex(
    rf"(?<![0-9&>])1?>\|?\s*(?P<to>{_NAME})|\bmv\s(?:[^\n|;&]*\s)?(?P<mv>{_NAME})|\bsed\s+-i[^\n|;&]*\s(?P<sed>{_NAME})"
)
_ABOVE = 25
"""Lines above a lock in which a script may read what the lock is for."""


def _plain(word: str) -> str:
    return word.strip("\"'").replace("{", "").replace("}", "")


@rule("LOCK-ORDER", gate="coordinate", category="lock")
def steps_out_of_order(shell_texts: ShellTexts, mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """What a lock is for is done before it is taken or after it is given back, or its removal is arranged before it is held.

    Why: state that is read before the lock may be changed by the holder in the meantime; what is then written under the lock undoes that
    change. What is written after the release meets the next holder. A trap that removes the lock and is set before the lock is taken
    removes somebody else's when the script finds it taken and ends.
    Passes: state that is read again under the lock; traps that ask whether the lock is held, or are set after it was taken; flock, whose
    lock is not the file.
    Do: Take the lock first, read, write, then release it; set the trap that removes a lock in the line after it was taken.
    Source: POSIX.1-2024, trap (EXIT); flock(2); a critical section holds every step from the read to the write.
    """
    texts = [
        t for t in shell_texts if t.kind == "script" and ("flock" in t.text or "mkdir" in t.text or "lock" in t.text.lower())
    ]
    sources = sorted({u.path for u in mechanism.uses if u.language not in ("shell", "markdown")})
    if not texts and not sources:
        raise NotApplicable("nothing takes a lock")
    made: dict[str, list[Use]] = defaultdict(list)
    for use in mechanism.uses:
        if use.language == "shell" and use.act == "locks" and use.way in ("mkdir", "exclusive", "whole"):
            made[use.path].append(use)
    yield from told(
        found for text in texts for found in (*_trap_first(tree, text, made.get(text.path, [])), *_outside_of_it(tree, text))
    )
    for path in sources:
        source = bodies.source(path)
        if source.holds(BETWEEN_PROCESSES):
            yield from _outside_in_code(tree, source, [u for u in mechanism.uses if u.path == path])


def _trap_first(tree: Tree, text: ShellText, made: list[Use]) -> Iterator[Finding]:
    """`trap 'rm -f "$LOCK"' EXIT` above `mkdir "$LOCK" || exit`."""
    if not made or "trap" not in text.text:
        return
    for one in text.commands:
        if one.words[0] != "trap" or len(one.words) < 3 or not {"EXIT", "0", "INT"} & set(one.words[2:]):
            continue
        what = one.words[1]
        called = text.functions.get(what.split()[0] if what.split() else "")
        for use in made:
            name = _plain(use.expression)
            if use.line <= one.line or not name.startswith("$") or use.function != _function(text, one.node):
                continue
            steps = called.text().split("\n") if called is not None else [what]
            at = next(
                (n for n, step in enumerate(steps) if _REMOVES.search(step) and name in _plain(step.replace('"', ""))), -1
            )
            if at < 0 or _ASKS.search("\n".join(steps[: at + 1]).partition("{")[2] if called is not None else what):
                continue
            between = text.lines[one.line - text.first + 1 : use.line - text.first + 6]
            leaves = next((n for n, line in enumerate(between) if re.search(r"\bexit\b", line)), -1)
            if leaves < 0 or any(re.search(r"\btrap\s+-\s", line) for line in between[: leaves + 1]):
                continue
            if any("flock" in line for line in between):
                continue
            if name.lstrip("$") not in _set_above(text, one.line):
                continue  # empty until the lock is taken: the trap removes nothing
            yield place(
                tree,
                text,
                one.line,
                f"the trap removes {name}, and is set before the lock is taken in line {use.line}",
                "A session that finds the lock taken ends, and its trap takes the holder's lock away: the next one comes in.",
            )
            return


def _set_above(text: ShellText, line: int) -> set[str]:
    rows = text.lines[: line - text.first]
    return {m[1] for row in rows if (m := re.match(r"\s*(?:readonly\s+|local\s+|export\s+)?(\w+)=(?![\"']{2}\s*$)\S", row))}


def _function(text: ShellText, node: SgNode) -> str:
    function = text.function_of(node)
    name = function.field("name") if function is not None else None
    return name.text() if name is not None else ""


def _takes(text: ShellText) -> Iterator[SgNode]:
    for one in text.commands:
        last, held = one.words[-1], "-u" not in one.words
        if one.words[0] == "flock" and held and re.fullmatch(r"\d+|\$\{?\w*fd\w*\}?", last, re.IGNORECASE):
            yield one.node
        if one.words[0] == "mkdir" and "-p" not in one.words and "lock" in last.lower():
            yield one.node


def _outside_of_it(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """Read above the lock and written below it, or read under the lock and written after its release."""
    for take in _takes(text):
        row, scope = text.line(take), _function(text, take)
        writes = _writes(text, row, scope)
        if not writes:
            continue
        for node in text.nodes("variable_assignment"):
            name, value = node.field("name"), node.field("value")
            if name is None or value is None or "$(" not in value.text() or _function(text, node) != scope:
                continue
            line = text.line(node)
            read = _plain(value.text())
            target = next((w for w in writes if re.search(rf"(?<![\w$]){re.escape(w)}(?![\w./-])", read.replace('"', " "))), "")
            if not target or abs(line - row) > _ABOVE:
                continue
            below = "\n".join(text.lines[row - text.first + 1 :])
            if line < row and re.search(rf"\$\{{?{name.text()}\b", below) and not re.search(rf"\b{name.text()}=", below):
                yield place(
                    tree,
                    text,
                    node,
                    f"{target} is read before the lock of line {row} is taken, and changed under it in line {writes[target]}",
                    "Another session may change it in between: both then work on the same old state.",
                    "possible",
                )
                return
            if row < line < writes[target]:
                held = text.lines[line - text.first + 1 : writes[target] - text.first]
                given = next(
                    (n for n, at in enumerate(held) if _GIVEN.search(at) and not at.lstrip().startswith(("#", "trap"))), -1
                )
                if given >= 0 and not re.search(r"\b(?:exit|return|done|fi)\b|\bflock\s+(?!-u)", "\n".join(held)):
                    yield place(
                        tree,
                        text,
                        writes[target],
                        f"{target} is written after the lock of line {row} was released in line {line + given + 1}",
                        "The next holder reads the old state, and one of both changes is lost.",
                        "possible",
                    )
                    return


def _writes(text: ShellText, row: int, scope: str) -> dict[str, int]:
    """Files that lines below a lock write or replace, in the same function: by name, with the line."""
    found: dict[str, int] = {}
    functions = [f.range() for f in text.functions.values()] if not scope else []
    own = text.functions.get(scope)
    end = own.range().end.line if own is not None else len(text.lines)
    for index in range(row - text.first + 1, min(end + 1, len(text.lines))):
        line = text.lines[index]
        if line.lstrip().startswith("#") or any(f.start.line <= index <= f.end.line for f in functions):
            continue
        for match in _WRITES.finditer(line):
            name = _plain(match["to"] or match["mv"] or match["sed"])
            if name.startswith("$") and "lock" not in name.lower():
                found.setdefault(name, index + text.first)
    return found


def _outside_in_code(tree: Tree, source: Source, uses: list[Use]) -> Iterator[Finding]:
    """A function that reads above the line in which it takes the lock, or writes below the one in which it gives it back."""
    for body in source.bodies:
        inside = [
            u for u in uses if u.function == body.name and body.first <= u.line <= body.last and u.kind != "lock" and not u.via
        ]
        writes = [u for u in inside if u.act == "creates" and u.way in ("whole", "rename")]
        reads = [u for u in inside if u.way == "read"]
        if not writes or not reads:
            continue
        locks = [
            n
            for n in range(body.first + 1, body.last + 1)
            if BETWEEN_PROCESSES.search(source.lines[n - 1])
            and not _DEFINES.search(source.lines[n - 1])
            and not _GIVEN_CODE.search(source.lines[n - 1])
            and "(" in source.lines[n - 1]
        ]
        if not locks:
            continue
        yield from _between(tree, source, body, locks[0], reads, writes)


def _between(tree: Tree, source: Source, body: Body, lock: int, reads: list[Use], writes: list[Use]) -> Iterator[Finding]:
    for write in writes:
        own = sorted(r.line for r in reads if r.state == write.state and r.line < write.line)
        if own and own[-1] < lock < write.line:
            yield Finding(
                f"`{body.name}` reads `{write.state}` before it takes the lock in line {lock}, and writes it under the lock",
                at=tree.evidence(source.path, own[-1]),
                also=(tree.evidence(source.path, lock), tree.evidence(source.path, write.line)),
                impact="Another process may change it in between: the write undoes that change.",
                confidence="possible",
            )
            return
        given = next((n for n in range(lock + 1, write.line) if _GIVEN_CODE.search(source.lines[n - 1])), 0) or _left(
            source, lock, write.line
        )
        if (
            own
            and lock < own[-1] < (given or 0)
            and not re.search(r"\b(?:return|throw|raise)\b", "\n".join(source.lines[given - 1 : write.line - 1]))
        ):
            yield Finding(
                f"`{body.name}` reads `{write.state}` under the lock of line {lock}, and writes it after the lock is released",
                at=tree.evidence(source.path, write.line),
                also=(tree.evidence(source.path, lock),),
                impact="The next holder reads the old state, and one of both changes is lost.",
                confidence="possible",
            )
            return


def _left(source: Source, lock: int, write: int) -> int:
    """The first line behind Python's `with` of a lock, where that is above the write."""
    head = source.lines[lock - 1]
    if source.language != "python" or not head.lstrip().startswith(("with ", "async with ")):
        return 0
    deep = len(head) - len(head.lstrip())
    for number in range(lock + 1, write + 1):
        line = source.lines[number - 1]
        if line.strip() and len(line) - len(line.lstrip()) <= deep:
            return number
    return 0
