"""Scripts that give other scripts of the target flags which those do not know."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import SOURCES, peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "ksh"))
_FLAG = regex(r"--[a-z][\w-]*")
_POSITION = regex(r"\$\{?[1-9]\b")
_ALL = regex(r"\"?\$\{?[@*]")
_TAKES_ANY = regex(r"\w+\+=\(\s*\"?\$|\w+\+=\"\s*\$\{?1|\b(?:EXTRA|REST|PASSTHROUGH|extra|rest|passthrough)\w*=")


@rule("REF-FLAG", gate="start", category="entry-point")
def flag_that_the_script_has_not(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script starts another script of the target with a flag that occurs nowhere in it.

    Why: a script that reads its arguments by position takes the flag for the first one ("unknown type: --pipeline"), one that knows flags
    refuses it. It happens where a flag is renamed or planned, and where `|| true` behind the call hides the refusal.
    Passes: scripts that hand their arguments on ("$@"), that source their parser, or that collect what they do not know.
    Do: Take the flag out of the call, or let the script know it.
    Source: POSIX.1-2024, Shell & Utilities 2.5.1 positional parameters.
    """
    scripts: dict[str, list[ShellText]] = {}
    for text in shell_texts:
        if text.kind == "script" and not text.aside:
            scripts.setdefault(text.path.rsplit("/", 1)[-1], []).append(text)
    if len(scripts) < 2:
        raise NotApplicable("no script starts another one")
    yield from told(found for text in shell_texts if "--" in text.text for found in _unknown(tree, text, scripts))


def _unknown(tree: Tree, text: ShellText, scripts: dict[str, list[ShellText]]) -> Iterator[Finding]:
    for one in text.commands:
        words = next(iter(list(peeled(one.words))[-1:]), ())
        if words[:1] and words[0] in _SHELLS:
            words = tuple(w for n, w in enumerate(words[1:]) if n or not w.startswith("-"))
        called = scripts.get(words[0].rsplit("/", 1)[-1], []) if words and "/" in words[0] else []
        if len(called) != 1 or called[0].path == text.path:
            continue
        other = called[0]
        flags = [w.split("=")[0] for w in words[1:] if _FLAG.fullmatch(w.split("=")[0])]
        missing = next((flag for flag in flags if not re.search(rf"{re.escape(flag)}(?![\w-])", other.text)), "")
        if not missing or _hands_on(other):
            continue
        sure: Confidence = "likely" if _POSITION.search(other.text) else "possible"
        yield place(
            tree,
            text,
            one.node,
            f"{other.path} is given {missing}, which occurs nowhere in it",
            "The script takes it for something else, or refuses it.",
            sure,
        )


def _hands_on(text: ShellText) -> bool:
    """Does a script give its arguments to another program, a sourced parser or a list of what it does not know?"""
    if SOURCES.search(text.text) or _TAKES_ANY.search(text.text):
        return True
    return any(
        any(_ALL.match(word) for word in one.words[1:])
        and one.words[0] not in text.functions
        and one.words[0] not in ("set", "for", "echo", "printf", "log", "getopt", "parse_args")
        for one in text.commands
    )
