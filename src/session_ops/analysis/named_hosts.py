"""Machines of one person that scripts go to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from session_ops.analysis.headless import folded
from session_ops.discovery.aside import is_test, not_deployed
from session_ops.discovery.commands import peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_HOST = regex(
    r"^[\"']?(?:[\w.-]+@)?(?P<host>[A-Za-z][\w-]*(?:\.(?:local|lan|home|internal|intranet|corp|[\w-]+\.ts\.net))?"
    r"|(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(?:\.\d{1,3}){2,3})[\"']?$"
)
"""Names and addresses that mean something in one network only."""
_ANYBODY = regex(
    r"^(?:localhost|127\.\d+\.\d+\.\d+|git|.*\b(?:github|gitlab|bitbucket|codeberg|sourceforge|sr\.ht|example|invalid|test)\b.*|(?:your|my|the|some)?[-_]?(?:host|server|remote"
    r"|machine|hostname|vps|box|vm)\d*|user|host\w*|server\w*|remote\w*|HOST\w*)$",
    re.IGNORECASE,
)
_TAKE = frozenset("bcDEeFIiJLlmOopQRSWw")
"""Options of ssh that take a value."""


@rule("PORT-HOST", gate="relocate", category="config")
def one_persons_machine(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script goes by ssh to a machine that stands in it by name.

    Why: the name or address means something in one network, or in one person's ~/.ssh/config alone; everybody else gets "could not resolve
    hostname" or, worse, another machine. Passes: hosts that come from a variable or an argument, public names (github.com), names that stand
    for anybody (user@server), tests and documents.
    Do: Take the host from an argument, a variable with a message where it is not set, or a configuration file that each user has.
    Source: ssh_config(5), Host; The Twelve-Factor App, III.
    """
    texts = [t for t in shell_texts if t.kind == "script" and ("ssh " in t.text or "scp " in t.text)]
    if not texts:
        raise NotApplicable("no script uses ssh")
    found: list[Finding] = []
    for text in texts:
        if text.aside or is_test(text.path) or not_deployed(text.path):
            continue
        for one in text.commands:
            for words in peeled(one.words):
                host = _goes_to(words) if words[0].rsplit("/", 1)[-1] in ("ssh", "scp") else ""
                if host:
                    line = text.line(one.node)
                    found.append(
                        Finding(
                            f"{words[0]} goes to {host}, a machine that only its owner has",
                            tree.evidence(text.path, line),
                            impact="For everybody else the host is not there, or is another one.",
                            confidence="possible",
                        )
                    )
    yield from folded(found, 1, 5)


def _goes_to(words: Sequence[str]) -> str:
    """The host that stands in a command of ssh or scp as it is; empty where a variable gives it, or it may be anybody's."""
    rest = list(words[1:])
    copies = words[0].endswith("scp")
    while rest:
        word = rest.pop(0)
        if re.match(r"-\w", word):
            if len(word) == 2 and word[1] in _TAKE and rest and not (copies and word[1] == "p"):
                rest.pop(0)
            continue
        if copies:
            word, mark, _ = word.partition(":")
            if not mark:
                continue
        match = _HOST.match(word)
        if match and not _ANYBODY.match(match["host"]):
            return match["host"]
        if not copies:
            return ""
    return ""
