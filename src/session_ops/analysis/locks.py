"""Locks between sessions: how they are taken, kept, released and swept away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.coordination_fixes import ask_the_holder, one_step, only_its_own
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.commands import invocations
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import Flow
from session_ops.discovery.mechanism import BETWEEN_PROCESSES, Mechanism, Use
from session_ops.discovery.syntax import Syntax
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

ASKS = regex(
    r"kill -0|pgrep|ps -p|/proc/|lsof|fuser|flock|stale|older|-mmin|-mtime|age\b|_AGE|TTL|expire|owner|holder|alive|running|has-session"
    r"|--force|FORCE|read -|confirm|no_sessions|active",
    re.IGNORECASE,
)
"""What a script looks at before it takes away a lock."""
AT_THE_END = regex(r"uninstall|teardown|cleanup|clean[-_.]|clean$|reset|purge|nuke|stop|kill|shutdown|destroy", re.IGNORECASE)
ATOMIC_SHELL = regex(
    r"\bflock\b|set\s+-o\s+noclobber|set\s+-[a-zA-Z]*C|\bln\s+-s?[^\n]*lock|mkdir\s+(?!-p)[^\n]*(?:lock|LOCK)|lockfile\b|shlock|mktemp[^\n]*lock",
    re.IGNORECASE,
)
HOLDER = regex(r"kill -0|pgrep|ps -p|/proc/|heartbeat|alive|has-session|list-sessions")
SESSIONS = regex(r"session|agent|worker|worktree", re.IGNORECASE)


def shell_locks(mechanism: Mechanism) -> dict[str, list[Use]]:
    """Uses of locks by shell script."""
    found: dict[str, list[Use]] = defaultdict(list)
    for use in mechanism.uses:
        if use.kind == "lock" and use.language == "shell" and not not_deployed(use.path):
            found[use.path].append(use)
    return dict(sorted(found.items()))


def _flow(root: SgNode) -> tuple[Flow, dict[int, list[SgNode]]]:
    calls: dict[str, list[SgNode]] = {}
    at: dict[int, list[SgNode]] = defaultdict(list)
    for one in invocations(root):
        calls.setdefault(one.words[0], []).append(one.node)
        at[one.line].append(one.node)
    return Flow(calls), at


@rule("LOCK-SWEEP", gate="coordinate", category="lock")
def sweeps_live_locks(mechanism: Mechanism, syntax: Syntax, tree: Tree) -> Iterator[Finding]:
    """A script deletes all locks without asking whether somebody holds them.

    Why: run while others are at work, it hands their resources to whoever asks next: two sessions then write the same files, each sure
    of its lock. Passes: sweeps behind a look at the holder (kill -0, pgrep), at the age, or behind a question or --force; lock files of
    package managers.
    Do: Delete only locks whose holder is gone: read the pid or session that each one names and ask with `kill -0`; leave
    deleting all of them to an explicit `--force`.
    Source: a lock protects only while nobody but its holder removes it.
    """
    locks = shell_locks(mechanism)
    if not locks:
        raise NotApplicable("no shell script touches a lock")
    for path, uses in locks.items():
        sweeps = [
            u for u in uses
            if (u.way == "sweep" and "*" in u.expression)
            or (u.act == "deletes" and re.search(r"locks/?\"?$", u.expression) and "rm -r" in tree.lines(path)[u.line - 1])
        ]  # fmt: skip
        root = syntax.root(path) if sweeps else None
        if root is None:
            continue
        flow, at = _flow(root)
        free = [
            u
            for u in sweeps
            if not any(ASKS.search(text) for node in at[u.line][:1] for text in flow.conditions(node))
            and not ASKS.search(_asked_above(tree.lines(path), u.line))
        ]
        if not free:
            continue
        first = free[0]
        name = path.rpartition("/")[2]
        yield Finding(
            f"all of `{first.state}` is deleted, whoever holds them",
            at=tree.evidence(path, first.line),
            also=tuple(tree.evidence(path, u.line) for u in free[1:6]),
            impact="Run while another session works, it takes that session's locks away: two then write the same files.",
            confidence="possible"
            if AT_THE_END.search(name)
            or (first.function and AT_THE_END.search(first.function))
            or re.match(r"[\"']?/(?:var|run)/", first.expression)  # of a program of the system
            else "likely",
            data={"state": first.state},
        )


def _asked_above(lines: list[str], line: int) -> str:
    """What is asked in the few lines before one."""
    return "\n".join(
        text
        for text in lines[max(0, line - 4) : line - 1]
        if re.match(r"\s*(?:if|elif|while|until|case|\[|read|for)\b|\s*\[", text)
    )


@rule("LOCK-TOCTOU", gate="coordinate", category="lock", fix=one_step)
def looks_then_locks(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A lock is looked for first and made later.

    Why: between the look and the write another session does the same, finds nothing and writes too: both hold the lock. Only one step
    that fails when the lock is there keeps the second one out. Passes: mkdir without -p, ln -s, noclobber, flock, O_EXCL ("x", wx).
    Do: Take the lock in one step that fails where it exists: `mkdir` without -p, `set -C` and `>`, flock, or open with O_EXCL
    (mode `x` in Python, `wx` in Node).
    Source: POSIX.1-2024, open, O_EXCL: "the check for the existence and the creation shall be atomic"; bash, set -C.
    """
    locks = [u for u in mechanism.uses if u.kind == "lock" and not not_deployed(u.path) and u.language != "markdown"]
    if not any(u.act == "locks" for u in locks):
        raise NotApplicable("nothing makes a lock file")
    for path, uses in shell_locks(mechanism).items():
        text = tree.text(path)
        if ATOMIC_SHELL.search(text):
            continue
        made = [u for u in uses if u.act == "locks" and u.way in ("whole", "touch")]
        looks = [
            u
            for u in uses
            if u.way == "check" and any(m.state == u.state and m.line >= u.line and m.function == u.function for m in made)
        ]
        looks = [u for u in looks if re.search(r"-[efs]\s", tree.lines(path)[u.line - 1])]
        if looks:
            line = next(m.line for m in made if m.state == looks[0].state and m.line >= looks[0].line)
            yield Finding(
                f"`{looks[0].state}` is looked for first and made later: in between another session does the same",
                at=tree.evidence(path, looks[0].line),
                also=(tree.evidence(path, line),) if line != looks[0].line else (),
                impact="Two sessions hold the same lock.",
                confidence="likely"
                if "*" in looks[0].state and SESSIONS.search(text) and not HOLDER.search(text)
                else "possible",
                data={"state": looks[0].state},
            )
    seen: set[str] = set()
    for use in locks:
        if use.language == "shell" or use.way != "whole" or use.act != "locks" or use.path in seen:
            continue
        source = bodies.source(use.path)
        body = source.body_at(use.line)
        if body is None or BETWEEN_PROCESSES.search(
            re.sub(r"acquire_lock|acquireLock|lock_file|_locked", "", source.body_text(body))
        ):
            continue
        look = next(
            (n for n in range(body.first, use.line) if re.search(r"\.exists\(|existsSync\(|os\.Stat\(|File\.exist|pathExists|isfile\(", source.lines[n - 1])), 0
        )  # fmt: skip
        if look:
            seen.add(use.path)
            yield Finding(
                f"`{use.state}` is looked for first and made later: in between another process does the same",
                at=tree.evidence(use.path, look),
                also=(tree.evidence(use.path, use.line),),
                impact="Two sessions hold the same lock.",
                confidence="possible",
                data={"state": use.state},
            )


BY_AGE = regex(
    r"(?:age|elapsed|diff|now\s*-|stat\s+-[cf]\s*[\"']?%[Ym])\S*[^\n]*(?:-g[te]|>)\s*(?:\"?\$?\{?\w*(?:TTL|STALE|TIMEOUT|MAX|AGE|EXPIR|LIMIT)\w*|\d{2,})",
    re.IGNORECASE,
)


@rule("LOCK-AGE", gate="coordinate", category="lock", fix=ask_the_holder)
def taken_by_age(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """A lock is taken over because it is old, although its holder may be alive.

    Why: the file's time is when the lock was taken, not when its holder last worked: every task longer than the limit loses its lock
    in the middle. Passes: scripts that also ask for the holder (kill -0, its heartbeat) or whose holder renews the lock (touch).
    Do: Ask for the holder before the lock is taken over (`kill -0` of the pid in it, or its heartbeat), and let holders renew
    the lock with touch while they work.
    Source: leases need renewal and a holder that notices the loss (Gray and Cheriton, 1989).
    """
    locks = shell_locks(mechanism)
    if not locks:
        raise NotApplicable("no shell script touches a lock")
    renewed = any(u.way == "touch" and u.kind == "lock" for uses in locks.values() for u in uses)
    for path, uses in locks.items():
        if renewed or not any(u.act == "locks" for u in uses) or HOLDER.search(tree.text(path)):
            continue
        line = next(
            (n for n, text in enumerate(tree.lines(path), 1) if BY_AGE.search(text) and not text.lstrip().startswith("#")), 0
        )
        if line:
            yield Finding(
                "a lock is taken over by its age alone, whether or not its holder is alive",
                at=tree.evidence(path, line),
                impact="A session whose task takes longer than the limit loses its lock and does not notice.",
                confidence="possible",
            )


OWNS = regex(r"grep|owner|holder|cat\s|session\s*=|\bpid\b|\$\(<|read\s|==|!=|flock", re.IGNORECASE)
RECORDS = regex(r"session|agent|owner|holder", re.IGNORECASE)


@rule("LOCK-OWNER", gate="coordinate", category="lock", fix=only_its_own)
def released_by_anybody(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A lock is released without asking whose it is.

    Why: a session that lost its lock (by age, by a sweep), or one that names the wrong resource, deletes the lock of the one that holds
    it now; a third then takes it. Passes: releases that compare the holder in the lock with their own session, flock.
    Do: Write the session's id into the lock when it is taken, and delete it only where that id is the caller's own; else refuse
    with an error.
    Source: compare before delete; a lock that records its holder is meant to be asked.
    """
    locks = [u for u in mechanism.uses if u.kind == "lock" and not not_deployed(u.path)]
    if not any(u.act == "locks" for u in locks):
        raise NotApplicable("nothing makes a lock file")
    for path, uses in shell_locks(mechanism).items():
        text = tree.lines(path)
        written = [u for u in uses if u.act == "locks" and u.way == "whole" and RECORDS.search(text[u.line - 1])]
        if not written:
            continue
        for gone in (
            u
            for u in uses
            if u.act == "deletes" and u.way == "delete" and re.search(r"release|unlock", u.function, re.IGNORECASE)
        ):
            start = next(
                (
                    n
                    for n in range(gone.line, 0, -1)
                    if re.match(rf"\s*(?:function\s+)?{re.escape(gone.function)}\s*(?:\(\))?\s*\{{?", text[n - 1])
                ),
                gone.line,
            )
            if (
                not OWNS.search("\n".join(text[start : gone.line - 1]))
                and "flock" not in text[gone.line - 1]
                and gone.state == written[0].state
            ):
                yield Finding(
                    f"`{gone.function}` deletes the lock without asking whose it is, although the lock says so",
                    at=tree.evidence(path, gone.line),
                    also=(tree.evidence(path, written[0].line),),
                    impact="One session releases another one's lock.",
                    confidence="possible",
                )
                break
    for use in locks:
        if (
            use.language in ("shell", "markdown")
            or use.act != "deletes"
            or not re.search(r"^_?(?:release|unlock)", use.function)
        ):
            continue
        source = bodies.source(use.path)
        body = source.body_at(use.line)
        head = "\n".join(source.lines[body.first : use.line - 1]) if body else ""
        records = any(u.path == use.path and u.act == "locks" for u in locks)
        if (
            body
            and records
            and not re.search(
                r"==|!=|read|owner|holder|verify|\bfd\b|flock|self\._?(?:fd|handle|acquired|held|owned)", head, re.IGNORECASE
            )
        ):
            yield Finding(
                f"`{use.function}` deletes the lock without asking whose it is",
                at=tree.evidence(use.path, use.line),
                impact="One session releases another one's lock.",
                confidence="possible",
            )


@rule("LOCK-NORELEASE", gate="coordinate", category="lock")
def left_behind_by_a_crash(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """A lock is released only where the script gets to its last lines.

    Why: an error, Ctrl-C or a killed session in between leaves the lock, and everybody else waits for nobody. Passes: a trap on EXIT,
    locks that end with their holder (flock), scripts that look at the holder or the age of a lock before they wait for it, and
    locks that one command takes and another one releases.
    Do: Release the lock in a trap on EXIT that is set right after it was taken (`finally` in code), or use flock, which ends
    with its process.
    Source: bash, trap; POSIX.1-2024, trap.
    """
    locks = shell_locks(mechanism)
    if not any(u.act == "locks" for uses in locks.values() for u in uses):
        raise NotApplicable("no shell script makes a lock")
    for path, uses in locks.items():
        text = tree.text(path)
        if re.search(r"\btrap\b|\bflock\b|kill -0|pgrep|stale|-mmin|TTL|stat -|\bage\b", text, re.IGNORECASE):
            continue
        for made in (u for u in uses if u.act == "locks" and u.way in ("mkdir", "whole", "touch", "exclusive")):
            gone = next(
                (
                    u
                    for u in uses
                    if u.act == "deletes" and u.state == made.state and u.function == made.function and u.line > made.line
                ),
                None,
            )
            if gone is None:
                continue
            yield Finding(
                f"`{made.state}` is removed by the script's last lines alone: no trap removes it when something fails before them",
                at=tree.evidence(path, made.line),
                also=(tree.evidence(path, gone.line),),
                impact="After a crash or an interruption the lock stays, and everybody else waits for nobody.",
                confidence="possible",
            )
            break


BY_DESCRIPTOR = regex(
    r"\bfcntl\.(?:flock|lockf)\(|\bFlock\(|\.flock\(|lock_exclusive\(|(?m:^\s*(?:if\s+!?\s*)?flock\s+(?:-\w+\s+)*[\"']?\$?\{?\w)"
)
SAME_FILE = regex(r"st_ino|samefile|fstat|SameFile|-ef\b|stat -c")


@rule("LOCK-UNLINK", gate="coordinate", category="lock")
def deletes_the_file_it_locks(mechanism: Mechanism, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """A file that is locked with flock is deleted when the lock is released.

    Why: flock locks the open file, not its name. A second session waits on the old file; the first deletes it, a third makes a new one of
    the same name and locks that: the second and the third both hold "the lock". Passes: lock files that stay, code that
    compares the locked file with the one of that name (st_ino) and tries again.
    Do: Leave the lock file where it is and release it by unlocking or closing it (`flock -u`, or the end of the process).
    Source: flock(2), "locks are associated with an open file description".
    """
    locks = [u for u in mechanism.uses if u.kind == "lock" and not not_deployed(u.path) and u.language != "markdown"]
    if not any(BY_DESCRIPTOR.search(tree.text(path)) for path in {u.path for u in locks}):
        raise NotApplicable("no lock file is locked with flock")
    found: dict[str, list[int]] = defaultdict(list)
    for gone in (u for u in locks if u.act == "deletes" and u.way == "delete"):
        opened = [
            u
            for u in locks
            if u.path == gone.path and u.function == gone.function and u.state == gone.state and u.act == "locks"
        ]
        if not opened:
            continue
        if gone.language == "shell":
            text = tree.text(gone.path)
        else:
            source = bodies.source(gone.path)
            body = source.body_at(gone.line)
            text = source.body_text(body) if body else ""
        if BY_DESCRIPTOR.search(text) and not SAME_FILE.search(text):
            found[gone.path].append(gone.line)
    for path, lines in sorted(found.items()):
        yield Finding(
            "the lock file is deleted although others may already wait on it with flock",
            at=tree.evidence(path, lines[0]),
            also=tuple(tree.evidence(path, n) for n in lines[1:6]),
            impact="One session holds the deleted file, the next one a new file of the same name: both hold the lock.",
            confidence="possible",
        )
