"""The words of the session mechanism: kinds of state, and a use of one."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from session_ops.patterns import regex

Kind = Literal["lock", "heartbeat", "pid", "pointer", "message", "log", "registry", "diary", "worktree", "socket"]
Act = Literal["creates", "reads", "refreshes", "locks", "deletes"]

KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("worktree", regex(r"\bworktrees?(?:[/_-]|$)", re.IGNORECASE)),
    ("lock", regex(r"\.lock\b|(?:^|[/_.-])locks?(?:[/_.-]|$)|(?:lock|Lock)(?:file|File|dir|Dir|path|Path)s?\b")),
    (
        "heartbeat",
        regex(r"heartbeat|(?:^|[/._-])(?:beat|last[-_]?seen|keep-?alive)(?:$|[._-])|(?:^|/)hb/|\.hb$", re.IGNORECASE),
    ),
    ("pid", regex(r"\.pid\b|(?:^|[/._-])pids?(?:$|[/._-]?(?:file|path|dir))|pid(?:File|Path)\b", re.IGNORECASE)),
    (
        "pointer",
        regex(
            r"(?:^|[/.])\.?(?:current|active|latest|last)[-_](?:session|agent|task|worktree|story|plan|prd|team)(?:[-_](?:id|file|name|path))?(?:\.\w+)?$"
            r"|(?:^|/)\.?(?:sessions?|agents?|workers?)/\.?(?:current|active)(?:\.(?:txt|id|json))?$"
            r"|(?:^|/)\.(?:current|active)(?:\.(?:txt|id|json))?$|(?:^|/)\.?session[-_]?id(?:\.(?:txt|json))?$",
            re.IGNORECASE,
        ),
    ),
    (
        "message",
        regex(
            r"(?:^|[/._-])(?:inbox|outbox|mailbox|mailboxes|messages?|signals?|handoffs?|handovers?)(?:$|[/._-])|\.msg$",
            re.IGNORECASE,
        ),
    ),
    ("log", regex(r"\.(?:jsonl|ndjson)$|(?:event|audit|activity)s?[-_]?log|events?\.log$", re.IGNORECASE)),
    (
        "registry",
        regex(
            r"(?:^|[/._*-])(?:sessions?|agents?|registry|workers?|instances?|claims?|tasks?|queue|assignments?|state)"
            r"(?:[._-](?:state|registry|status|store|db|index|map|data|file|queue|list))?"
            r"\.(?:json|csv|ya?ml|toml|db|sqlite3?|tsv)$"
            r"|(?:sessions?|agents?|registry|workers?|claims?|instances?|tasks?)_?(?:file|path|store|File|Path)$|(?:^|[/_])[\w-]*registry[\w-]*(?:\.\w+)?$",
            re.IGNORECASE,
        ),
    ),
    ("diary", regex(r"diar(?:y|ies)|journal|(?:^|/)sessions?/[^/]*\.md$|progress\.(?:md|log)$", re.IGNORECASE)),
    ("socket", regex(r"\.sock(?:et)?$", re.IGNORECASE)),
)
"""Kinds of state and the names that mean them; the first that fits a path, or failing that the variable that holds it."""
_NOT_OURS = regex(
    r"(?:^|/)(?:[\w-]*(?:yarn|Cargo|poetry|uv|bun|Gemfile|composer|Pipfile|pdm|flake|mix|pixi|package|pnpm)[\w-]*[.-]lock\b|var/lib/(?:dpkg|apt|rpm|pacman|docker|containerd|snapd|systemd)/)|^\*\.lock$|\.vscode/|\.git/"
)
"""Lock files of package managers, which pin versions and keep nobody out; state of editors and of git."""

WORKTREE = regex(r"worktree['\"`, ]+(?P<verb>add|remove|prune)\b")
"""Git's own commands for worktrees, as words or in a list."""


@dataclass(frozen=True)
class Use:
    """One use of one state.

    `state` is its path as far as the text tells (`*` for what varies); `way` says how: `whole` (rewritten in place), `append`, `rename`,
    `exclusive` (O_EXCL, mkdir, ln), `flock`, `read`, `check`, `sweep` (many at once), `delete`, `touch`, `aside` (a temporary file next to it).
    `expression` is the text that names it; `via` the function that gave the path to the one that touches it.
    """

    state: str
    kind: Kind
    act: Act
    way: str
    path: str
    line: int
    function: str = ""
    expression: str = ""
    language: str = ""
    via: str = ""


@dataclass(frozen=True)
class Mechanism:
    """Every use of session state, by path and line."""

    uses: tuple[Use, ...] = ()

    def states(self) -> dict[tuple[Kind, str], tuple[Use, ...]]:
        """Uses by kind and state, locks and registries before logs and diaries."""
        order = {
            kind: n
            for n, kind in enumerate(
                ("registry", "pointer", "lock", "heartbeat", "pid", "worktree", "message", "socket", "log", "diary")
            )
        }
        found: dict[tuple[Kind, str], list[Use]] = defaultdict(list)
        for use in self.uses:
            found[use.kind, use.state].append(use)
        return {key: tuple(found[key]) for key in sorted(found, key=lambda k: (order[k[0]], k[1]))}


def kind_of(*names: str) -> Kind | None:
    """The kind of state that a path or variable names; None where nothing says so."""
    for name in names:
        for kind, pattern in KINDS:
            if name and pattern.search(name) and not _NOT_OURS.search(name):
                return kind
    return None
