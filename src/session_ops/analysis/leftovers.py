"""What stays behind: temporary files, locks of expired sessions, pids, messages that were never read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.coordination_fixes import one_file_each
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import errexit
from session_ops.discovery.mechanism import Mechanism
from session_ops.discovery.scripts import Scripts
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

FIXED = regex(r"^\s*(?:local\s+|readonly\s+|export\s+)?(?P<name>\w+)=[\"']?(?P<path>/(?:var/)?tmp/[\w./-]+)[\"']?\s*$")
MOST = 5


def own_temporary_file(finding: Finding, tree: Tree) -> Fix | None:
    """Take a file of mktemp, and remove it whatever happens."""
    path, line = finding.at.path, finding.at.line
    text = tree.lines(path)[line - 1]
    match = FIXED.match(text)
    if match is None or re.search(r"\btrap\b", tree.text(path)):
        return None
    indent = text[: len(text) - len(text.lstrip())]
    if indent or "local " in text:
        return None
    name = match["name"]
    return Fix(
        title=f"Take the temporary file of {path} from mktemp and remove it at the end",
        findings=(finding.id,),
        safety="review",
        edits=(Edit(path, text, f'{name}="$(mktemp)"\ntrap \'rm -f "${name}"\' EXIT', line),),
        why="Each run has its own file, and none stays behind.",
    )


@rule("CLEAN-TMP", gate="coordinate", category="cleanup", fix=own_temporary_file)
def fixed_temporary_file(scripts: Scripts, tree: Tree) -> Iterator[Finding]:
    """A script writes a temporary file of a fixed name, and nothing removes it when the script fails.

    Why: two runs at once write into the same file, one publishes what the other wrote; after a failure the file stays, and one that
    another user left cannot be written at all. Passes: mktemp, names with $$, a trap that removes it, files that others read on purpose
    (pids, sockets, logs).
    Do: Take the name from `mktemp`, and set `trap 'rm -f "$tmp"' EXIT` right after it.
    Source: mktemp(1); bash, trap.
    """
    looked = False
    many = 0
    for script in scripts:
        text = tree.text(script.path)
        if script.language != "shell" or not_deployed(script.path) or "/tmp/" not in text:  # noqa: S108 - looked for, not used
            continue
        looked = True
        if re.search(r"\btrap\b[^\n]*(?:EXIT|0)\b", text):
            continue
        for number, line in enumerate(tree.lines(script.path), start=1):
            match = FIXED.match(line)
            if not match or re.search(r"\.(?:log|pid|sock|lock|flag|jsonl)$|log|pid|lock|sock", match["path"]):
                continue
            name = match["name"]
            used = rf"[\"']?\$\{{?{name}\}}?[\"']?"
            written = re.search(rf"(?<!>)>\s*{used}\s*$", text, re.MULTILINE)
            taken = re.search(rf"\b(?:mv|rm)\s+(?:-\w+\s+)*{used}", text)
            if (
                written
                and taken
                and (
                    errexit(tree.lines(script.path), number)
                    or re.search(r"\bexit\s+[1-9]", text[written.start() : taken.start()])
                )
            ):
                many += 1
                yield Finding(
                    f"`{match['path']}` has the same name in every run and stays behind when the script fails",
                    at=tree.evidence(script.path, number),
                    impact="Two runs at once mix their output; a failed one leaves a file that the next user cannot write.",
                    confidence="possible",
                )
                break
        if many >= MOST:
            return
    if not looked:
        raise NotApplicable("no script uses /tmp")


EXPIRES = regex(r"status[\"']?\]?\s*[=:]\s*[\"']?(?:expired|dead|stale|abandoned|timed_?out|crashed)\b", re.IGNORECASE)


@rule("CLEAN-HOLDS", gate="coordinate", category="cleanup")
def expired_keeps_its_locks(scripts: Scripts, mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """A session is declared dead, and what it holds is not freed.

    Why: the one thing that others wait for, its locks, stays held by a session that will never release it; its heartbeat file stays too,
    so its loop goes on. Passes: reapers that also delete or hand over locks, targets without lock files.
    Do: In the step that declares a session dead, also delete the locks that name it as their holder, and its heartbeat and pid
    files.
    Source: ZooKeeper, ephemeral nodes go with the session that made them.
    """
    locks = [u for u in mechanism.uses if u.kind == "lock" and u.act == "locks" and not not_deployed(u.path)]
    if not locks:
        raise NotApplicable("no locks that could be left")
    for script in scripts:
        text = tree.text(script.path)
        if (
            script.language != "shell"
            or not_deployed(script.path)
            or re.search(r"lock", re.sub(r"(?m)^\s*#.*$", "", text), re.IGNORECASE)
        ):
            continue
        for number, line in enumerate(tree.lines(script.path), start=1):
            if (
                EXPIRES.search(line)
                and not re.match(r"\s*(?:#|if|\[|echo|grep|while|case)", line)
                and not re.search(r"==|!=|select\(", line)
            ):
                yield Finding(
                    "a session is declared dead here, but keeps its locks",
                    at=tree.evidence(script.path, number),
                    also=(tree.evidence(locks[0].path, locks[0].line),),
                    impact="Others wait for locks that nobody will ever release.",
                    confidence="possible",
                )
                break


@rule("CLEAN-LEFT", gate="coordinate", category="cleanup")
def made_and_never_removed(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """Every session makes a file that says it is alive or at work, and nothing removes it.

    Why: a pid, a heartbeat or a lock that outlives its session says something that is no longer true; the folder grows, and the number
    of a dead process is given to a stranger. Passes: targets that delete such files anywhere, locks of flock, files that one
    program overwrites.
    Do: Remove the file when its session ends (a trap on EXIT, or the end hook), and let the start delete files whose process is
    gone (`kill -0`).
    Source: kill(2) and pid reuse; flock(2).
    """
    kinds = ("pid", "heartbeat", "lock")
    uses = [u for u in mechanism.uses if u.kind in kinds and u.language == "shell" and not not_deployed(u.path)]
    if not uses:
        raise NotApplicable("no script makes such files")
    whole = "\n".join(tree.text(path) for path in sorted({u.path for u in uses}))
    for kind in kinds:
        made = [
            u
            for u in uses
            if u.kind == kind
            and u.act in ("creates", "refreshes", "locks")
            and u.way in ("whole", "touch", "mkdir")
            and "*" in u.state
        ]
        if not made or any(u.kind == kind and u.act == "deletes" for u in mechanism.uses):
            continue
        if re.search(r"\bflock\b|\btrap\b|find\s[^\n]*-delete|rm\s+-[rf]+", whole):
            continue
        yield Finding(
            f"`{made[0].state}` is made for each session and never removed",
            at=tree.evidence(made[0].path, made[0].line),
            impact=f"After the session its {kind} still says that it is there.",
            confidence="possible",
        )


UNIQUE_MESSAGE = regex(r"date|RANDOM|\$\$|uuid|mktemp|%N|_id\b|\bid\b|\bts\b|stamp|seq|count|\bn\b", re.IGNORECASE)


@rule("IPC-OVERWRITE", gate="coordinate", category="ipc", fix=one_file_each)
def message_overwrites_message(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """A message is written over the one that was not read yet.

    Why: one file for each receiver holds one message: the second sender opens it with `>` and the first message is gone, while its sender
    was told that it was delivered. Passes: appending, a file name of its own for each message, senders that look whether the box is
    empty.
    Do: Give each message a file of its own in the receiver's folder, written aside and renamed into place, and let the receiver
    delete what it has read.
    Source: POSIX.1-2024, redirection `>` truncates; maildir(5), one file for each message.
    """
    boxes = [u for u in mechanism.uses if u.kind == "message" and u.language == "shell" and not not_deployed(u.path)]
    if not boxes:
        raise NotApplicable("no message files in scripts")
    taken = {u.state for u in boxes if u.act == "deletes" or (u.act == "reads" and u.way == "read")}
    seen: set[str] = set()
    for use in boxes:
        if (
            use.act != "creates"
            or use.way != "whole"
            or use.state not in taken
            or use.state in seen
            or use.state.count("*") > 1
        ):
            continue
        lines = tree.lines(use.path)
        name = re.sub(r"[\"'${}]", "", use.expression)
        named = (
            [x for x in lines if re.match(rf"\s*(?:local\s+)?{re.escape(name)}=", x)]
            if name.isidentifier()
            else [use.expression]
        )
        if UNIQUE_MESSAGE.search(" ".join(named)) or any(
            u.path == use.path and u.state == use.state and u.way == "check" and u.line < use.line for u in boxes
        ):
            continue
        if re.search(r"^\s*:\s*>|/dev/null", lines[use.line - 1]):
            continue
        seen.add(use.state)
        reader = next((u for u in boxes if u.state == use.state and u.act != "creates"), None)
        yield Finding(
            f"`{use.state}` holds one message: the next one overwrites it before it is read",
            at=tree.evidence(use.path, use.line),
            also=(tree.evidence(reader.path, reader.line),) if reader else (),
            impact="The first message is lost, and its sender believes that it arrived.",
            confidence="likely" if any(u.act == "deletes" and u.state == use.state for u in boxes) else "possible",
            data={"state": use.state},
        )


PASTED = regex(
    r"\\\"(?:\s*:\s*\\\"|[^\"\n]{0,40}\\\"\s*:\s*\\\")\$\{?(?P<name>\w+)|\"\s*:\s*\"%s\"|'\s*\{[^'\n]*\"\s*:\s*\"'\"?\$\{?(?P<quoted>\w+)"
)
POSITIONAL = regex(r"\\?\"(?P<key>\w+)\\?\"\s*:\s*\\?\"\$(?:\{?[1-9]\}?|[@*]|\{\*\})")
"""An argument of the script, whose key says what it is."""
FREE_TEXT = regex(
    r"message|msg|text|note|desc|reason|task|title|summary|content|prompt|pair|value|detail|comment|subject|cmd|command|error",
    re.IGNORECASE,
)
ESCAPED = regex(r"jq\b|json_escape|escape_json|python3? -c|sed [^\n]*\\\\\\\\|//\\\"|//\\\\|json\.dumps|@json|printf\s+%q")


@rule("STATE-QUOTE", gate="coordinate", category="state")
def json_by_pasting(mechanism: Mechanism, tree: Tree) -> Iterator[Finding]:
    """A script pastes free text between quotation marks and calls it JSON.

    Why: the first note or task that holds a quotation mark, a backslash or a line break makes a line that no reader can parse; registries
    that are read as a whole are then unreadable for every session. Passes: jq -n --arg, a function that escapes, values that are made
    by the script itself (times, numbers, ids).
    Do: Build the record with `jq -cn --arg text "$text" '{text: $text}'`, or with json.dumps of Python, and write that as one
    line.
    Source: RFC 8259, section 7.
    """
    written = {
        u.path
        for u in mechanism.uses
        if u.language == "shell" and u.kind in ("registry", "log", "message", "lock") and u.act in ("creates", "locks")
    }
    if not written:
        raise NotApplicable("no script writes state")
    for path in sorted(written):
        text = tree.text(path)
        if not_deployed(path) or ESCAPED.search(text):
            continue
        for number, line in enumerate(tree.lines(path), start=1):
            if line.lstrip().startswith("#") or len(line) > 1000:
                continue
            named = [m["name"] or m["quoted"] or "" for m in PASTED.finditer(line)]
            free = any(FREE_TEXT.search(name) for name in named if name)
            if free or any(FREE_TEXT.search(m["key"]) for m in POSITIONAL.finditer(line)):
                yield Finding(
                    "free text is pasted into JSON as it is: a quotation mark in it breaks the line",
                    at=tree.evidence(path, number),
                    impact="One note with a quotation mark makes a record that nobody can read.",
                    confidence="possible",
                )
                break
