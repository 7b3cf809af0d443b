"""State whose owner is taken for whoever wrote last."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_OWN = regex(
    r"^_?(?:get_?|find_?|detect_?|resolve_?)?(?:current|active|my|own|this)?_?(?:session|transcript|agent|worktree)(?:_?(?:id|file|path|name|log|dir|jsonl))?$"
    r"|^_?(?:get_?|find_?|detect_?|resolve_?)?(?:current|active|my|own|this)(?:_?\w+)?$",
    re.IGNORECASE,
)
_STATE = regex(r"session|transcript|\.claude/projects|\.jsonl|agents?/|heartbeat|claims?/|worktree|\.codex", re.IGNORECASE)
_BY_TIME = regex(
    r"\bls\s+(?:-\w+\s+)*-\w*t\w*\s[^|\n]*\|\s*head\b|\bsort\s+-\w*[rn]\w*[^|\n]*\|\s*head\s+-(?:n\s*)?1\b|\bsort\s+-\w*n\w*[^|\n]*\|\s*tail\s+-(?:n\s*)?1\b"
)
_ASSIGNED = regex(r"^\s*(?:local\s+|export\s+|readonly\s+)?(?P<name>\w+)=\"?\$\((?P<value>.*)$")
_TOLD = regex(r"session_id|SESSION_ID|transcript_path|sessionId|CLAUDE_SESSION|SESSION_KEY")
_CODE_TIME = regex(
    r"\b(?:max|sorted)\([^\n]*(?:getmtime|st_mtime|getctime)|\.sort\([^\n]*(?:getmtime|st_mtime|mtime(?:Ms)?\b)|\.max_by\b[^\n]*mtime|sort\.Slice\([^\n]*ModTime"
)
_LOOKS = regex(r"\b(?:list|show|latest|recent|newest|last|browse|report|view|status|history|resume|log)", re.IGNORECASE)


@rule("STATE-NEWEST", gate="coordinate", category="state")
def newest_is_mine(shell_texts: ShellTexts, bodies: Bodies, tree: Tree) -> Iterator[Finding]:
    """The file that was written last counts as the own session's.

    Why: with two sessions at work the newest file belongs to whoever wrote a moment ago: notes, locks and the end of one session are booked
    on the other, now this way and now that. Looked at is code that gives the newest session file, transcript or worktree a name like "the
    current session". Passes: code that is told the session (session_id, an environment variable), lists and reports of the latest.
    Do: Take the session's id from the hook's input (session_id, transcript_path) or from a variable that its start exports, and
    build the file's name from it.
    Source: the modification time of a file says when, not by whom; Claude Code documentation, Hooks reference, "Hook input".
    """
    looked = False
    for text in shell_texts:
        if text.aside or "head" not in text.text or not _STATE.search(text.text):
            continue
        looked = True
        for row, line in enumerate(text.lines):
            match = _ASSIGNED.match(line) if "$(" in line else None
            if (
                match
                and _BY_TIME.search(line)
                and _OWN.match(match["name"])
                and _STATE.search(line)
                and not _TOLD.search(text.text)
                and not _LOOKS.search(text.path.rpartition("/")[2])
            ):
                yield _finding(tree, text.path, row + text.first)
                break
    for entry in tree.files("python", "javascript", "typescript", "ruby", "go"):
        raw = tree.text(entry.path)
        if ("mtime" not in raw and "ModTime" not in raw) or not _STATE.search(raw) or not_deployed(entry.path):
            continue
        looked = True
        source = bodies.source(entry.path)
        if _TOLD.search(source.text):
            continue
        for found in _CODE_TIME.finditer(source.text):
            at = source.line(found.start())
            body = source.body_at(at)
            before = source.text[source.text.rfind("\n", 0, found.start()) + 1 : found.start()]
            given = re.search(r"(\w+)\s*(?::[^=\n]+)?=\s*[^=]*$", before)
            names = [n for n in (body.name if body else "", given[1] if given else "", _exported(source.lines, at)) if n]
            if any(_OWN.match(n) for n in names) and not any(_LOOKS.search(n) for n in names):
                yield _finding(tree, entry.path, at)
                break
    if not looked:
        raise NotApplicable("nothing looks for the newest session")


def _exported(lines: list[str], line: int) -> str:
    """The name under which an arrow function above this line is kept."""
    for text in reversed(lines[max(0, line - 8) : line]):
        match = re.match(r"\s*(?:exports\.|export\s+const\s+|const\s+)(\w+)\s*=\s*(?:async\s*)?(?:\([^)]*\)|\w+)\s*=>", text)
        if match:
            return match[1]
    return ""


def _finding(tree: Tree, path: str, line: int) -> Finding:
    return Finding(
        "the file that was written last counts as this session's: with two at work it is the other one's",
        tree.evidence(path, line),
        impact="Notes, claims and the end of one session are booked on another.",
        confidence="possible",
    )
