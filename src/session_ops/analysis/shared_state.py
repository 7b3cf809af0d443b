"""State that several sessions share: how it is rewritten, pointed at, named and placed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest

from session_ops.analysis.coordination_fixes import lock_around, only_if_missing, pointer_of_each
from session_ops.analysis.headless import folded
from session_ops.analysis.rewritten_stores import rewritten_stores
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies, Body, Source
from session_ops.discovery.files import Tree
from session_ops.discovery.mechanism import BETWEEN_PROCESSES, Mechanism, Use
from session_ops.discovery.scripts import Scripts
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHARED = frozenset(("registry", "pointer", "message"))
"""Kinds of state that one file holds for all sessions."""
MOST = 6
"""Findings of one rule; the rest is left to the ones that are shown."""
LOADS = regex(r"load|read|get|fetch|all|list", re.IGNORECASE)
SAVES = regex(r"save|write|store|persist|dump|flush|put", re.IGNORECASE)
SHORT = 60
"""Lines of a function that only hands on what it loads or saves, documentation counted."""
INSIDE_ONE = regex(
    r"\bsync\.(?:RW)?Mutex\b|threading\.R?Lock\(|asyncio\.Lock\(|\bMutex\.new\b|Mutex::new|RwLock::new|async-mutex|new\s+Mutex\("
)
HELD = regex(r"\.(?:Lock|lock|acquire|runExclusive|synchronize)\(|\bwith\s+\w*(?:\.\w+)*_?lock\w*\s*:|\bsynchronize\s+do")


def parts_of(state: str) -> str:
    """A state's name as it is told."""
    return f"`{state}`"


def shared_file(use: Use) -> bool:
    """Is this one file for all sessions, not one for each?"""
    name = use.state.rpartition("/")[2]
    return use.kind in SHARED and "*" not in name and not re.search(r"sessions?/\*/", use.state)


class Rewrites:
    """Functions of one file that read and rewrite one state, directly or through short helpers of the same file."""

    def __init__(self, source: Source, uses: list[Use]) -> None:
        self._source = source
        self._reads: dict[str, int] = {}
        self._writes: dict[str, int] = {}
        direct_reads: dict[str, list[int]] = defaultdict(list)
        direct_writes: dict[str, list[int]] = defaultdict(list)
        for use in uses:
            function = use.via or use.function
            line = self._line_of_call(use)
            if use.act == "reads" and use.way == "read":
                direct_reads[function].append(line)
            elif use.act in ("creates", "locks", "refreshes") and use.way in ("whole", "rename"):
                direct_writes[function].append(line)
        self._direct = (direct_reads, direct_writes)
        only_reads = {name for name in direct_reads if name and name not in direct_writes}
        only_writes = {name for name in direct_writes if name and name not in direct_reads}
        self._readers = self._widened(only_reads, LOADS, only_writes)
        self._writers = self._widened(only_writes, SAVES, only_reads)

    def _line_of_call(self, use: Use) -> int:
        if not use.via:
            return use.line
        body = next((b for b in self._source.bodies if b.name == use.via), None)
        if body is None:
            return use.line
        return next(
            (n for n in range(body.first, body.last + 1) if re.search(rf"\b{use.function}\(", self._source.lines[n - 1])),
            body.first,
        )

    def _widened(self, names: set[str], means: re.Pattern[str], others: set[str]) -> set[str]:
        """Short functions that hand on what one of these loads or saves."""
        wide = set(names)
        for body in self._source.bodies:
            if body.name in names or body.last - body.first > SHORT or not means.search(body.name):
                continue
            text = self._source.body_text(body).partition("\n")[2]
            if self._calls(text, names) and not self._calls(text, others):
                wide.add(body.name)
        return wide

    @staticmethod
    def _calls(text: str, names: set[str]) -> bool:
        return bool(names) and re.search(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})\(", text) is not None

    def found(self) -> Iterator[tuple[Body, int, int]]:
        """Each function that reads first and rewrites later, with both lines."""
        bodies = self._source.bodies
        for body, following in zip_longest(bodies, bodies[1:]):
            if following is not None and following.first <= body.last:
                continue  # what is inside is looked at by itself
            read = self._first(body, self._direct[0].get(body.name, []), self._readers)
            if read is None:
                continue
            write = self._first(body, self._direct[1].get(body.name, []), self._writers, after=read)
            if write is not None:
                yield body, read, write

    def _first(self, body: Body, lines: list[int], names: set[str], after: int = 0) -> int | None:
        places = [n for n in lines if body.first <= n <= body.last and n > after]
        names = names - {body.name}
        if names:
            pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})\(")
            places += [
                n for n in range(max(body.first + 1, after + 1), body.last + 1) if pattern.search(self._source.lines[n - 1])
            ]
        return min(places, default=None)


def _by_file(mechanism: Mechanism, bodies: Bodies) -> Iterator[tuple[Source, str, list[Use]]]:
    """Each source file with a shared state that it uses."""
    groups: dict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in mechanism.uses:
        if use.language not in ("shell", "markdown") and shared_file(use) and not not_deployed(use.path):
            groups[use.path, use.state].append(use)
    for (path, state), uses in sorted(groups.items()):
        yield bodies.source(path), state, uses


SAFELY = regex(r"\block|atomic|flock|mkdir\b|exclusive|one (?:session|agent) at a time", re.IGNORECASE)
"""What an instruction says where it thinks of the others."""


@rule("STATE-RMW", gate="coordinate", category="state", fix=lock_around)
def read_change_write(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """State that all sessions share is read, changed and written back without a lock.

    Why: of two sessions that do it at once the second writes what it read before the first was done, so the first one's change is
    lost without a trace. Writing by rename keeps readers from half a file, it does not keep the update. Passes: files that lock
    between processes (flock, O_EXCL, a lock folder, a database), one file for each session, appending. Instructions for agents count as code.
    Do: Hold a lock that other processes see (flock or mkdir beside the file) from reading to writing, and write aside and
    rename inside of it; or keep one file for each session.
    Source: rename(2), flock(2); POSIX.1-2024, open, O_EXCL.
    """
    if not any(use.kind in SHARED for use in mechanism.uses):
        raise NotApplicable("no state that sessions share")
    many = 0
    for source, state, uses in _by_file(mechanism, bodies):
        if source.holds(BETWEEN_PROCESSES) or source.holds(INSIDE_ONE):
            continue
        found = list(Rewrites(source, uses).found())
        if not found or many >= MOST:
            continue
        many += 1
        body, read, write = found[0]
        yield Finding(
            f"`{body.name}` reads {parts_of(state)}, changes it and writes it back without a lock",
            at=tree.evidence(source.path, read),
            also=tuple(
                tree.evidence(source.path, n) for n in dict.fromkeys((write, *(n for _, n, _ in found[1:9]))) if n != read
            ),
            impact="Two sessions at once: the second overwrites the first one's change, and nobody is told.",
            confidence="possible",
            data={"state": state},
        )
    yield from _shell_rewrites(mechanism, tree, many)
    yield from _told_rewrites(mechanism, tree)


def _told_rewrites(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """Instructions by which an agent reads a shared registry and writes it back, where the document speaks of no lock."""
    groups: dict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in mechanism.uses:
        data = use.state.endswith((".json", ".csv", ".yaml", ".yml", ".tsv"))
        if use.language == "markdown" and use.kind == "registry" and data and shared_file(use) and not not_deployed(use.path):
            groups[use.path, use.state].append(use)
    many = 0
    for (path, state), uses in sorted(groups.items()):
        writes = [u for u in uses if u.act == "creates" and u.way == "whole"]
        if not writes or not any(u.act == "reads" for u in uses) or many >= 3 or SAFELY.search(tree.text(path)):
            continue
        many += 1
        yield Finding(
            f"agents are told to read {parts_of(state)}, change it and write it back, without a lock",
            at=tree.evidence(path, writes[0].line),
            impact="Two agents at once: the second overwrites the first one's change, and nobody is told.",
            confidence="possible",
            data={"state": state},
        )


def _shell_rewrites(mechanism: Mechanism, tree: Tree, many: int) -> Iterator[Finding]:
    """`jq … state > tmp && mv tmp state` in a script that locks nothing."""
    groups: dict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in mechanism.uses:
        if use.language == "shell" and use.kind == "registry" and shared_file(use) and not not_deployed(use.path):
            groups[use.path, use.state].append(use)
    for (path, state), uses in sorted(groups.items()):
        if (
            many >= MOST
            or BETWEEN_PROCESSES.search(tree.text(path))
            or re.search(r"mkdir[^\n]*lock|ln -s[^\n]*lock", tree.text(path), re.IGNORECASE)
        ):
            continue
        pair = next(
            ((r, w) for r in uses for w in uses
             if r.way == "read" and w.way in ("rename", "whole") and r.function == w.function and 0 <= w.line - r.line <= 12
             and re.search(r"\bjq\b|python|sed\b|awk\b", tree.lines(path)[r.line - 1])),
            None,
        )  # fmt: skip
        if pair is None:
            continue
        many += 1
        yield Finding(
            f"{parts_of(state)} is read, changed and put back without a lock",
            at=tree.evidence(path, pair[0].line),
            also=(tree.evidence(path, pair[1].line),) if pair[1].line != pair[0].line else (),
            impact="Two sessions at once: the second overwrites the first one's change, and nobody is told.",
            confidence="possible",
            data={"state": state},
        )


@rule("LOCK-INPROCESS", gate="coordinate", category="lock")
def lock_of_one_process(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A lock inside one process guards a file that other processes rewrite too.

    Why: a mutex of Go, threading.Lock or async-mutex is memory of one process. Each session runs its own process, so two of them
    pass their own mutex at the same time and lose an update. Passes: files that also lock between processes.
    Do: Also hold a lock of the file system from reading to writing: flock on a file beside the state, or a library for it such
    as proper-lockfile (Node), filelock (Python), gofrs/flock (Go).
    Source: Go, package sync; Python, threading.Lock; flock(2).
    """
    looked = False
    many = 0
    for source, state, uses in _by_file(mechanism, bodies):
        if not source.holds(INSIDE_ONE) or source.holds(BETWEEN_PROCESSES):
            continue
        looked = True
        for body, read, _write in Rewrites(source, uses).found():
            held = next((n for n in range(body.first, read + 1) if HELD.search(source.lines[n - 1])), 0)
            if held and many < MOST:
                many += 1
                yield Finding(
                    f"`{body.name}` rewrites {parts_of(state)} under a lock that only its own process knows",
                    at=tree.evidence(source.path, held),
                    impact="Two processes at once each hold their own lock; the second overwrites the first one's change.",
                    confidence="possible",
                )
                break
    if not looked:
        raise NotApplicable("no lock of one process beside a shared file")


PYTHON_WRITE = regex(r"^(?P<indent>[ \t]*)with open\((?P<path>[\w.]+), (?P<mode>['\"]w['\"])(?P<more>[^\n)]*)\) as \w+:[ \t]*$")


def write_aside(finding: Finding, bodies: Bodies, tree: Tree) -> Fix | None:
    """Let Python write to a file of this process's own and rename it; only where `open(path, "w")` is a with block and os is imported."""
    path, line = finding.at.path, finding.at.line
    lines = tree.lines(path)
    match = PYTHON_WRITE.match(lines[line - 1])
    if match is None or tree.entries[path].language != "python" or not re.search(r"^import os$", tree.text(path), re.MULTILINE):
        return None
    wide, last = len(match["indent"]), line
    for number in range(line + 1, len(lines) + 1):
        text = lines[number - 1]
        if text.strip() and len(text) - len(text.lstrip()) <= wide:
            break
        if text.strip():
            last = number
    body = bodies.source(path).body_at(line)
    if last == line or (body and re.search(r"\breturn\b", "\n".join(lines[line:last]))):
        return None
    name = f'f"{{{match["path"]}}}.{{os.getpid()}}.tmp"'
    return Fix(
        title=f"Write {finding.data['state']} aside and rename it",
        findings=(finding.id,),
        safety="review",
        edits=(
            Edit(path, f"open({match['path']}, {match['mode']}", f"open({name}, {match['mode']}", line),
            Edit(path, lines[last - 1], f"{lines[last - 1]}\n{match['indent']}os.replace({name}, {match['path']})", last),
        ),
        why="A reader sees the old file or the new one, never half of one. It does not make the update itself safe: that takes a lock.",
    )


@rule("STATE-TORN", gate="coordinate", category="state", fix=write_aside)
def written_in_place(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A file that several sessions read is rewritten in place.

    Why: opening for writing empties the file first. Who reads it in that moment, or after a crash or a full disk, sees nothing or half
    of it; a reader that takes this for "no sessions" then writes exactly that. Passes: writing aside and renaming (os.replace,
    fs.rename, mv), appending, databases, one file for each session.
    Do: Write to a temporary file in the same folder and rename it over the old one: `mv` in shell, os.replace in Python,
    fs.renameSync in Node, os.Rename in Go.
    Source: POSIX.1-2024, open (O_TRUNC) and rename (atomic).
    """
    stores = list(rewritten_stores(tree, bodies))
    if not stores and not any(use.kind in SHARED for use in mechanism.uses):
        raise NotApplicable("no state that sessions share")
    groups: dict[str, list[tuple[str, int]]] = defaultdict(list)
    read = {use.state for use in mechanism.uses if use.act == "reads" and use.way == "read" and use.language != "markdown"}
    for source, state, uses in _by_file(mechanism, bodies):
        writes = [u for u in uses if u.way == "whole" and u.act == "creates" and u.kind == "registry"]
        if not writes or state not in read or any(u.way in ("rename", "aside") for u in uses):
            continue
        updates = {line for _, _, line in Rewrites(source, uses).found()}
        first = [u.line for u in writes if u.line in updates] or [u.line for u in writes]
        groups[source.path] += [(state, line) for line in (*first, *(u.line for u in writes))]
    for path, line, name in stores:
        groups.setdefault(path, [(name, line)])
    for n, (path, places) in enumerate(sorted(groups.items())):
        if n >= MOST:
            return
        state, line = places[0]
        rest = [p for _, p in dict.fromkeys(places[1:]) if p != line]
        yield Finding(
            f"{parts_of(state)} is rewritten in place",
            at=tree.evidence(path, line),
            also=tuple(tree.evidence(path, p) for p in dict.fromkeys(rest)),
            impact="A session that reads it in that moment, or after a crash, sees an empty or half file.",
            confidence="possible",
            data={"state": state},
        )


UNIQUE = regex(
    r"[pP]id\b|PID|[uU]uid|UUID|[rR]and(?:om)?|mk[sd]?temp|NamedTemporary|CreateTemp|\$\$|[nN]ano|tempfile\.|token_hex|crypto|[tT]ime\(|[nN]ow\(|nonce"
    r"|[uU]nique|\.hex|\b(?:\w+_)?id\b|Id\b"
)


@rule("STATE-TMPNAME", gate="coordinate", category="state")
def one_temporary_name(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """The file that is written aside has the same name in every process.

    Why: two processes that write `state.json.tmp` at once write into one file; the first rename then publishes a mixture, and the
    second one fails because the file is gone. Passes: names with the pid, a random part or from mkstemp, and files under a lock.
    Do: Give each process a name of its own in the same folder: `mktemp "$file.XXXXXX"`, tempfile.mkstemp(dir=…), os.CreateTemp,
    or a random part in the name.
    Source: rename(2); mkstemp(3).
    """
    asides = [
        u for u in mechanism.uses if u.way == "aside" and u.language not in ("shell", "markdown") and not not_deployed(u.path)
    ]
    shell = list(_by_tmp(tree))
    if not asides and not shell:
        raise NotApplicable("nothing is written aside")
    yield from folded(shell, 1, 4)
    seen: set[str] = set()
    for use in asides:
        source = bodies.source(use.path)
        body = source.body_at(use.line)
        text = source.body_text(body) if body else source.text
        made = "\n".join(x for x in text.split("\n") if re.search(r"te?mp", x, re.IGNORECASE))
        if UNIQUE.search(made) or source.holds(BETWEEN_PROCESSES) or use.path in seen or use.kind not in SHARED:
            continue
        seen.add(use.path)
        name = re.escape(re.split(r"\.|::", use.expression)[-1])
        first = body.first if body else 1
        line = next((n for n in range(first, use.line) if re.search(rf"\b{name}\b[^=\n]*=", source.lines[n - 1])), use.line)
        if len(seen) <= MOST:
            yield Finding(
                f"{parts_of(use.state)} is written aside under one fixed name for all processes",
                at=tree.evidence(use.path, line),
                impact="Two processes at once write into the same temporary file: a mixture is published, or the second rename fails.",
                confidence="possible",
                data={"state": use.state},
            )


_FROM_TMP = regex(
    r"^[^#\n]*\bmv\s+(?:-f\s+)?[\"']?(?P<aside>/tmp/[\w.-]+)[\"']?\s+[\"']?(?!/tmp/)(?P<state>[^\s\"';&|]*\.(?:json|jsonl|ya?ml|toml|csv|txt|md))[\"']?",
    re.MULTILINE,
)
_BY_HAND = regex(r"(?:^|/)[^/]*(?:install|setup|bootstrap|migrat|release|build|deploy)[^/]*$", re.IGNORECASE)


def _by_tmp(tree: Tree) -> Iterator[Finding]:
    """Scripts that put their new state together in a file of /tmp with one name for everybody."""
    for entry in tree.files("shell"):
        text = tree.text(entry.path)
        match = _FROM_TMP.search(text) if "tmp/" in text and "mv " in text else None
        if match is None or not_deployed(entry.path) or BETWEEN_PROCESSES.search(text):
            continue
        made = re.search(rf">\s*[\"']?{re.escape(match['aside'])}(?![\w.-])", text)
        if made:
            yield Finding(
                f"the new `{match['state'].rpartition('/')[2]}` is put together in {match['aside']}, one name for all processes and projects",
                at=tree.evidence(entry.path, text.count("\n", 0, made.start()) + 1),
                also=(tree.evidence(entry.path, text.count("\n", 0, match.start("aside")) + 1),),
                impact="Two at once write into the same file: one gets the other's state, or its rename fails.",
                confidence="possible" if _BY_HAND.search(entry.path) else "likely",
                data={"state": match["state"]},
            )


REMOVAL = regex(r"^\s*os\.(?:remove|unlink)\([\w.]+\)\s*$")


def write_over_it(finding: Finding, tree: Tree) -> Fix | None:
    """Drop the removal: opening for writing replaces the content anyway. Only where it stands alone among other statements."""
    path, line = finding.at.path, finding.at.line
    lines = tree.lines(path)
    if not REMOVAL.match(lines[line - 1]) or line < 2 or lines[line - 2].rstrip().endswith(":"):
        return None
    return Fix(
        title=f"Write {path.rpartition('/')[2]}'s new state over the old one",
        findings=(finding.id,),
        safety="review",
        edits=(Edit(path, f"{lines[line - 1]}\n{lines[line]}", lines[line]),),
        why="Opening it for writing replaces what it held; there is no moment without the file.",
    )


@rule("STATE-GONE", gate="coordinate", category="state", fix=write_over_it)
def removed_before_written(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """The old state is removed before the new one is written.

    Why: whoever reads in between finds nothing, and a crash in between leaves nothing. Renaming the new file over the old one needs no
    removal. Passes: what is written aside first, removals of another state.
    Do: Write the new state to a temporary file in the same folder and rename it over the old one, without removing that first.
    Source: rename(2), "if newpath already exists, it will be atomically replaced".
    """
    looked = False
    for source, state, uses in _by_file(mechanism, bodies):
        for gone in (u for u in uses if u.act == "deletes" and u.kind == "registry"):
            looked = True
            later = [
                u for u in uses
                if u.act == "creates" and u.way in ("whole", "rename") and u.function == gone.function and 0 < u.line - gone.line <= 15
            ]  # fmt: skip
            between = "\n".join(source.lines[gone.line : later[0].line - 1]) if later else ""
            if later and not re.search(r"\breturn\b|\belse\b|\bexcept\b|\bcatch\b", between):
                yield Finding(
                    f"{parts_of(state)} is removed before its successor is written",
                    at=tree.evidence(source.path, gone.line),
                    also=(tree.evidence(source.path, later[0].line),),
                    impact="A crash or an interruption in between leaves no state at all.",
                    confidence="possible",
                )
    if not looked:
        raise NotApplicable("no shared state is removed")


SWALLOWS = regex(
    r"^\s*except\s*(?::|\(?[^:\n]*\b(?:Exception|BaseException|ValueError|JSONDecodeError|OSError)\b[^:\n]*:)|\bcatch\s*(?:\([^)\n]*\)\s*)?\{|^\s*rescue\b",
)
EMPTY = regex(r"\breturn\s*(?:\{\}|\[\]|dict\(\)|list\(\)|new Map\(\)|None|null|\{\s*sessions:\s*\[\]\s*\})")


@rule("STATE-EMPTY", gate="coordinate", category="error-handling", fix=only_if_missing)
def unreadable_counts_as_empty(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """State that cannot be read counts as empty, and the next write makes it so.

    Why: a torn or forbidden file raises the same error as none; `return {}` for all of them turns a passing fault into the loss of
    every session. Passes: handlers for a missing file alone, and handlers that log, back up or raise; readers of state that is
    never written back.
    Do: Take only a missing file for empty (FileNotFoundError, ENOENT); on every other error end with a message, and leave the
    unreadable file where it is.
    Source: Python, open and json.load (OSError, JSONDecodeError); Node.js, fs.
    """
    looked = False
    for source, state, uses in _by_file(mechanism, bodies):
        if not any(u.way in ("whole", "rename") and u.act == "creates" for u in uses):
            continue
        for use in (u for u in uses if u.act == "reads" and u.way == "read" and u.kind == "registry"):
            looked = True
            body = source.body_at(use.line)
            if body is None:
                continue
            for n in range(use.line + 1, min(body.last, use.line + 12) + 1):
                if not SWALLOWS.search(source.lines[n - 1]):
                    continue
                handler = "\n".join(source.lines[n - 1 : min(body.last, n + 3)])
                if EMPTY.search(handler) and not re.search(
                    r"log|warn|print|raise|throw|backup|rename|copy|stderr|console", handler
                ):
                    yield Finding(
                        f"any error while {parts_of(state)} is read counts as an empty one",
                        at=tree.evidence(source.path, n),
                        impact="A half-written or unreadable file is taken for no sessions, and the next write makes it so.",
                        confidence="possible",
                    )
                    break
            else:
                continue
            break
    if not looked:
        raise NotApplicable("no state is read and written back")


OWN_POINTER = regex(r"\$\$|TMUX_PANE|\btty\b|PPID|CLAUDE_SESSION|SESSION_ID|\*|<|\{", re.IGNORECASE)
OF_HOOKS = regex(r"(?:^|/)hooks?/")
"""Hooks run in every session, whatever the pointer is called."""
IN_SESSION_TERMS = regex(r"session|agent", re.IGNORECASE)


@rule("STATE-POINTER", gate="coordinate", category="state", fix=pointer_of_each)
def one_pointer_for_all(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """One file names "the current session" for all sessions.

    Why: the last one that starts wins: whatever the others record, lock or end from then on is booked on its session, and the first
    one that ends takes the pointer away from the rest. Passes: pointers whose path holds the session, the terminal, the worktree or a
    pid, and pointers that nobody reads.
    Do: Hand the session's id on by an environment variable or an argument, or keep one pointer for each terminal, worktree or
    process.
    Source: the file is the only record of who "current" is; two processes share it.
    """
    pointers = [
        u
        for u in mechanism.uses
        if u.kind == "pointer"
        and (IN_SESSION_TERMS.search(u.state) or OF_HOOKS.search(u.path))
        and not not_deployed(u.path.replace("docs/", "", 1))
    ]
    ids = list(_one_id(mechanism, tree))
    if not pointers and not ids:
        raise NotApplicable("no pointer to a current session")
    yield from ids
    groups: dict[str, list[Use]] = defaultdict(list)
    for use in pointers:
        groups[use.state.rpartition("/")[2]].append(use)
    for name, uses in sorted(groups.items()):
        writes = [
            u
            for u in uses
            if u.act == "creates"
            and u.way in ("whole", "rename", "exclusive")
            and not OWN_POINTER.search(u.state.rpartition("/")[2])
        ]
        if not writes or not any(u.act in ("reads", "deletes") for u in uses):
            continue
        # a script or an instruction runs once for each session; a library's pointer may belong to a single program
        writes.sort(
            key=lambda u: (
                u.language not in ("shell", "markdown"),
                not re.search(r"start|begin|init|new", u.path),
                u.path,
                u.line,
            )
        )
        first = writes[0]
        others = [
            u for u in (*writes[1:], *(u for u in uses if u.act == "reads")) if (u.path, u.line) != (first.path, first.line)
        ]
        yield Finding(
            f"`{name}` is one pointer for all sessions: the last one that starts wins",
            at=tree.evidence(first.path, first.line),
            also=tuple(tree.evidence(p, n) for p, n in list(dict.fromkeys((u.path, u.line) for u in others))[:6]),
            impact="With two sessions at work, updates, locks and the end of one are booked on the other.",
            confidence="likely"
            if first.language in ("shell", "markdown") and IN_SESSION_TERMS.search(first.state)
            else "possible",
            data={"state": first.state},
        )


_ID_FILE = regex(r"(?:^|/)\.?(?:claude[-_])?session[-_]?id(?:\.(?:txt|json))?$", re.IGNORECASE)


def _one_id(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """A function of code that takes the session's id from one file, and writes a new one there where it is missing."""
    named = [u for u in mechanism.uses if _ID_FILE.search(u.state) and u.language not in ("shell", "markdown")]
    told: set[str] = set()
    for use in named:
        read = any(u.act == "reads" and (u.path, u.function) == (use.path, use.function) for u in named)
        if use.act != "creates" or use.way != "whole" or not read or re.search(r"[*{$]", use.state) or not_deployed(use.path):
            continue
        if use.path in told or len(told) >= 4:
            continue
        told.add(use.path)
        lines = tree.lines(use.path)
        given = re.compile(rf"^\s*(?:const |let |var )?{re.escape(use.expression)}\s*(?::\s*\w+\s*)?:?=(?!=)")
        line = next((n for n in range(use.line, max(use.line - 25, 0), -1) if given.match(lines[n - 1])), use.line)
        asked = any("SESSION_ID" in text for text in lines[max(0, line - 8) : use.line])
        yield Finding(
            f"every session takes its id from the one file {parts_of(use.state)}: the second is taken for the first",
            at=tree.evidence(use.path, line),
            also=(tree.evidence(use.path, use.line),) if use.line != line else (),
            impact="Claims and locks are booked on one id, so no session ever finds one that another holds.",
            confidence="likely" if OF_HOOKS.search(use.path) and not asked else "possible",
            data={"state": use.state},
        )


COARSE = regex(r"\$\(date\s[^)]*\+[\"']?(?P<format>[^\"')]*)[\"']?\s*\)|`date\s[^`]*\+[\"']?(?P<old>[^\"'`]*)")
IDENTITY = regex(
    r"^\s*(?:local\s+|export\s+|readonly\s+)?(?!\w*(?:BACKUP|backup|ARCHIVE|archive|LOG))(?P<name>(?:\w*_)?(?:session|agent|run|worker|instance|claim|task)(?:_?(?:id|name|key))?)=",
    re.IGNORECASE,
)
FINE = regex(r"%N|\$\$|RANDOM|uuid|mktemp|openssl|/dev/urandom|hostname|BASHPID|sha\d*sum|md5", re.IGNORECASE)
CODE_IDENTITY = regex(
    r"\b(?P<name>(?:self\.|this\.)?(?:session|agent|run|worker|instance|claim)_?(?:id|Id|ID|key))\s*(?::\s*\w+\s*)?(?::=|=)\s*(?P<value>[^=\n].*)$"
)
COARSE_CODE = regex(
    r"strftime\(\s*['\"][^'\"]*%S['\"]|int\(time\.time\(\)\)|Math\.floor\(\s*Date\.now\(\)\s*/\s*1000|time\.Now\(\)\.Unix\(\)|Time\.now\.to_i\b"
)
FINE_CODE = regex(r"uuid|random|token|secrets|%f|nano|micro|pid|hash|nonce", re.IGNORECASE)


def add_the_pid(finding: Finding, tree: Tree) -> Fix | None:
    """Append the pid of the starting shell to the id."""
    path, line = finding.at.path, finding.at.line
    if tree.entries[path].language != "shell":
        return None
    text = tree.lines(path)[line - 1]
    match = re.match(r"^(?P<head>\s*(?:\w+\s+)?\w+=)(?P<quote>\"?)(?P<value>\$\(date [^()]*\))(?P=quote)\s*$", text)
    if match is None:
        return None
    return Fix(
        title="Tell sessions of one second apart by the pid of their start",
        findings=(finding.id,),
        safety="review",
        edits=(Edit(path, text, f'{match["head"]}"{match["value"]}_$$"', line),),
        why="Two starts on one machine never have the same pid in the same second.",
    )


@rule("ID-COLLIDE", gate="coordinate", category="state", fix=add_the_pid)
def same_second_same_id(scripts: Scripts, mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """The identity of a session is the second in which it started.

    Why: two sessions that a script, a hook or a scheduler starts together get the same id; `mkdir -p` and `>` then let them share
    folder, registry entry and locks in silence. Passes: ids with nanoseconds, a pid, a random part or a uuid, and ids that are taken
    by an exclusive creation (mkdir without -p, O_EXCL).
    Do: Add a part that no other session has (a uuid, random bytes, or the pid) to the id, and claim it by a creation that fails
    if it exists, such as `mkdir` without -p.
    Source: date(1), %S; mkdir(1), -p "no error if existing".
    """
    shells = [s.path for s in scripts if s.language == "shell" and not not_deployed(s.path)]
    many = 0
    for path in shells:
        text = tree.text(path)
        if "date" not in text or re.search(r"^\s*(?:if\s+!?\s*)?mkdir\s+(?!-)", text, re.MULTILINE):
            continue
        for number, line in enumerate(tree.lines(path), start=1):
            named, coarse = IDENTITY.match(line), COARSE.search(line)
            if not named or not coarse or FINE.search(line):
                continue
            form = coarse["format"] or coarse["old"] or ""
            if not re.search(r"%S|%s|%T|%M|%H%M", form) or not re.search(
                rf"mkdir\s+-p[^\n]*|>\s*\S*\$\{{?{named['name']}\b", text
            ):
                continue
            if not re.search(rf"\$\{{?{named['name']}\b", text):
                continue
            many += 1
            yield Finding(
                f"`{named['name']}` is only the {'second' if re.search('%S|%s|%T', form) else 'minute'} of the start",
                at=tree.evidence(path, number),
                impact="Two sessions that start together share one id, and with it folder, registry entry and locks.",
                confidence="likely" if "session" in named["name"].lower() else "possible",
                data={"name": named["name"]},
            )
            break
        if many >= MOST:
            return
        for finding in _branch_of_a_day(tree, path, text):
            many += 1
            yield finding
    for entry in tree.files("python", "javascript", "typescript", "go", "ruby"):
        text = tree.text(entry.path)
        if not any(word in text for word in ("strftime", "time.time()", "Date.now()", ".Unix()", "now.to_i")):
            continue
        if not_deployed(entry.path) or many >= MOST or not COARSE_CODE.search(text):
            continue
        source = bodies.source(entry.path)
        for number, line in enumerate(source.lines, start=1):
            match = CODE_IDENTITY.search(line)
            if match and COARSE_CODE.search(match["value"]) and not FINE_CODE.search(match["value"]):
                many += 1
                yield Finding(
                    f"`{match['name']}` is only the second of the start",
                    at=tree.evidence(entry.path, number),
                    impact="Two sessions that start together share one id, and with it their state.",
                    confidence="possible",
                    data={"name": match["name"]},
                )
                break
    if not many and not mechanism.uses:
        raise NotApplicable("no session state")


_DAY = regex(
    r"^\s*(?:local\s+|readonly\s+)?(?P<name>\w*branch\w*)=(?P<value>[^\n]*\$\(date\s+\+[\"']?(?:%Y%m%d|%F|%Y-%m-%d|%y%m%d|%m%d|%Y_%m_%d)[\"']?\)[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_ENDS_BRANCH = regex(r"\bbranch\s+(?:-[dD]\b|--delete)|checkout\s+-B|switch\s+-C|\s-B\s")


def _branch_of_a_day(tree: Tree, path: str, text: str) -> Iterator[Finding]:
    """A branch that is made anew and named by the day."""
    if "branch" not in text.lower() or _ENDS_BRANCH.search(text):
        return
    for match in _DAY.finditer(text):
        made = re.search(
            rf"git\b[^\n]*\b(?:worktree\s+add|checkout|switch)\b[^\n]*\s-(?:b|c)\s+[\"']?\$\{{?{match['name']}\b", text
        )
        asked = re.search(rf"(?:show-ref|rev-parse|branch\s+--list|ls-remote)\b[^\n]*\$\{{?{match['name']}\b", text)
        if made and not asked and not FINE.search(match["value"]):
            yield Finding(
                f"`{match['name']}` is only the day: git refuses to make it a second time",
                at=tree.evidence(path, text.count("\n", 0, match.start("name")) + 1),
                also=(tree.evidence(path, text.count("\n", 0, made.start()) + 1),),
                impact="The second start of the same day ends with: a branch named … already exists.",
                confidence="likely" if "worktree" in made[0] else "possible",
                data={"name": match["name"]},
            )
            return


OWN_ROOT = regex(
    r"^\s*(?:export\s+|readonly\s+)?(?P<name>\w+)=[^\n]*(?:BASH_SOURCE|dirname\s+\"?\$\{?0|\$SCRIPT_DIR|\$\{SCRIPT_DIR|\$here\b)",
    re.MULTILINE,
)
MOVES = regex(r"^(?:cd|pushd)\s+\"?\$\{?(?P<name>\w+)\}?\"?(?:\s*(?:\|\||&&).*)?\s*$")
HANDS_ON = regex(r"(?P<command>[^\n]*?(?:lock|claim|acquire|release|session|heartbeat|register)[^\n]*)\"\$@\"")


@rule("STATE-WHERE", gate="coordinate", category="state")
def state_lands_in_the_tool(scripts: Scripts, tree: Tree) -> Iterator[Finding]:
    """A helper goes to the tool's own folder before it makes state.

    Why: after `cd` to the checkout of the tool, relative paths among the arguments mean files of the tool, and locks and session files
    are made there: two people who work on different projects block each other, and those who share a project but not the checkout do
    not see each other at all. Passes: scripts that keep the caller's folder ($PWD, $OLDPWD, a --project option), or run in a subshell.
    Do: Note the caller's folder before `cd` (`project=$PWD`), resolve arguments and state against it, and name the tool's own
    files by their full path.
    Source: POSIX.1-2024, cd; relative pathnames resolve against the working directory.
    """
    looked = False
    for script in scripts:
        if script.language != "shell" or not_deployed(script.path) or '"$@"' not in tree.text(script.path):
            continue
        text = tree.text(script.path)
        roots = {m["name"] for m in OWN_ROOT.finditer(text)}
        if not roots or re.search(
            r"OLDPWD|\$PWD|\$\{PWD|=\$?\(?\"?\$?\(?pwd\b\)?\"?$|--project|PROJECT_DIR=\"?\$\{|CLAUDE_PROJECT_DIR",
            text,
            re.MULTILINE,
        ):
            continue
        looked = True
        moved = 0
        for number, line in enumerate(tree.lines(script.path), start=1):
            move = MOVES.match(line)
            if move and move["name"] in roots:
                moved = number
            elif (
                moved
                and (hit := HANDS_ON.match(line))
                and not line.lstrip().startswith("#")
                and re.search(r"lock|claim", hit["command"], re.IGNORECASE)
            ):
                yield Finding(
                    "the script goes to the tool's own folder before it takes the caller's arguments: locks land in the tool, not in the project",
                    at=tree.evidence(script.path, moved),
                    also=(tree.evidence(script.path, number),),
                    impact="A relative path means another file than the caller's, and sessions of different projects share one set of locks.",
                    confidence="possible",
                )
                break
    if not looked:
        raise NotApplicable("no helper hands its arguments on")
