"""Shared state that a start empties, and messages that are emptied away between reading and forgetting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

EMPTIES = regex(
    r"(?:^|[;{]|&&|\bthen\b|\bdo\b)[ \t]*(?:(?::|true)[ \t]*|(?:echo|printf)[ \t]+[\"']?(?:\[\]|\{\}|)[\"']?(?:\\n[\"'])?[ \t]*)?(?<![\d&>])>[ \t]*[\"']?"
    r"(?P<file>[^\s\"';&|>)]+)[\"']?[ \t]*(?=$|;|\}|&&|\|\|)"
    r"|\b(?:truncate\s+-s\s*0|rm\s+-(?:rf|fr|f|r))\s+[\"']?(?P<cut>[^\s\"';&|]+)",
    re.MULTILINE,
)
HELD_BY_ALL = regex(
    r"(?:^|[^a-z])(?:reg|registry|sessions?|agents?|workers?|board|tasks?|inbox|outbox|queue|team|roster|claims?|locks?|members?|messages?|mailbox)(?:[^a-z]|$)",
    re.IGNORECASE,
)
OF_ONE = regex(
    r"\$\$|log|te?mp|cache|history|report|summary|(?:session|agent|worker|task)_?(?:id|name|dir)\b|\$\{?(?:id|name|1|2|sid|tid)\b",
    re.IGNORECASE,
)
BEGINS = regex(r"^(?:cmd_|do_|_)?(?:init|start|setup|bootstrap|launch|up|begin|create_team|new)(?:$|[_-])", re.IGNORECASE)
ASKS = regex(
    r"\[\[?\s+!?\s*-[efsdr]\s|\btest\s+-|kill\s+-0|has-session|--force|\bflock\b|pgrep|\bmv\b|\bconfirm|\bread\s+-|is_running|already"
)
TAKEN = regex(
    r"\b\w+=[\"']?\$\(\s*(?:cat\s+|<\s*)[\"']?(?P<file>[^\s\"')]+)[\"']?\s*\)"
    r"|(?:^|[;&])\s*(?:cat\s+|done\s*<\s*)[\"']?(?P<shown>[^\s\"';|&<>]+)[\"']?\s*(?:$|;|&&|\|(?!\|))"
)
MESSAGES = regex(r"inbox|outbox|queue|mail|messages?|events?|pending|spool", re.IGNORECASE)


@rule("STATE-RESET", gate="coordinate", category="state")
def start_empties_what_others_use(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A start empties the registry, board or inbox that all sessions share, without asking whether one is in use.

    Why: the second start wipes out what the first session runs on: its agents are in no list any more, its tasks and messages are gone, and
    nobody is told. Looked at are functions and branches called init, start or setup, and scripts of such a name, with a file that has the same
    name for every session. Passes: a look whether the file is there or somebody runs, a flag --force, files with an id in their name.
    Do: Create the file only where it is missing (`[ -e "$REG" ] || : > "$REG"`), refuse to start over a live session, or give each session a
    folder of its own.
    Source: POSIX.1-2024, Shell 2.7.2 (`>` truncates) and `set -C`.
    """
    if not any(text.kind == "script" for text in shell_texts):
        raise NotApplicable("no shell scripts")
    yield from told(_resets(shell_texts, tree), 1, 4)


def _resets(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    for text in shell_texts:
        if text.kind != "script" or text.aside or ">" not in text.text:
            continue
        for first, last in _starts(text):
            rows = text.lines[first : last + 1]
            emptied = [
                (n, m["file"] or m["cut"])
                for n, row in enumerate(rows)
                if not row.lstrip().startswith("#")
                for m in EMPTIES.finditer(row)
            ]
            shared = [
                (n, name) for n, name in emptied if HELD_BY_ALL.search(name.rpartition("/")[2]) and not _of_one(text, name)
            ]
            if not shared or ASKS.search("\n".join(rows[: shared[0][0] + 1])):
                continue
            yield place(
                tree,
                text,
                text.first + first + shared[0][0],
                f"each start empties {shared[0][1]}, also while another session works with it",
                "The sessions, tasks or messages of whoever runs already are gone, and nobody is told.",
                "possible",
            )


def _starts(text: ShellText) -> Iterator[tuple[int, int]]:
    """First and last row of each function and branch that begins something."""
    for name, node in text.functions.items():
        if BEGINS.search(name):
            around = node.range()
            yield around.start.line, around.end.line
    for node in text.nodes("case_item"):
        label = node.text().partition(")")[0].strip("( \t\"'")
        if any(BEGINS.fullmatch(word.strip(" \"'")) for word in label.split("|")):
            around = node.range()
            yield around.start.line, around.end.line


def _of_one(text: ShellText, name: str) -> bool:
    """Does the name, or what its variable was given, hold an id?"""
    if OF_ONE.search(name):
        return True
    for variable in re.findall(r"\$\{?(\w+)", name):
        given = re.findall(rf"^\s*(?:local |export |readonly )*{variable}=(\S+)", text.text, re.MULTILINE)
        if not given or any(
            OF_ONE.search(value) or "mktemp" in value or "$(" in value or re.search(r"\$\{?\d", value) for value in given
        ):
            return True
    return False


@rule("IPC-TRUNCATE", gate="coordinate", category="ipc")
def emptied_after_reading(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """Messages are read from a file that is emptied afterwards, so that what arrives in between is lost.

    Why: another process appends between the `cat` and the truncation; its message was not read and is not there any more.
    Passes: a file that is renamed first and then read, reading and emptying under flock.
    Do: Rename first (`mv "$INBOX" "$INBOX.taken"`), then read and delete the renamed file; or hold a lock that the writers take too.
    Source: rename(2); POSIX.1-2024, open (O_TRUNC).
    """
    if not any(text.kind == "script" for text in shell_texts):
        raise NotApplicable("no shell scripts")
    found = []
    for text in shell_texts:
        if (
            text.kind != "script"
            or text.aside
            or "cat" not in text.text
            or re.search(r"\bflock\b|lockf\b|mkdir[^\n]*lock", text.text)
        ):
            continue
        for row, line in enumerate(text.lines):
            taken = TAKEN.search(line) if ("cat" in line or "<" in line) and not line.lstrip().startswith("#") else None
            name = taken["file"] or taken["shown"] if taken else ""
            if taken is None or not MESSAGES.search(name):
                continue
            for below in range(row, min(row + 4, len(text.lines))):
                start = taken.end() if below == row else 0
                emptied = next((m for m in EMPTIES.finditer(text.lines[below], start) if (m["file"] or m["cut"]) == name), None)
                if emptied:
                    found.append(
                        place(
                            tree,
                            text,
                            text.first + below,
                            f"what is appended to {name} between reading and emptying it is lost",
                            "A message is neither read nor kept, and its sender takes it for delivered.",
                            "possible",
                        )
                    )
                    break
    yield from told(found, 1, 4)
