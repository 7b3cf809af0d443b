"""Sessions of tmux that are named by the beginning of their name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_ACTS = {
    "kill-session": "ends", "send-keys": "types into", "send": "types into", "respawn-pane": "restarts", "kill-window": "ends",
    "paste-buffer": "types into",
}  # fmt: skip
_ALONE = regex(r"\$\$|RANDOM|BASHPID|\$\(date|uuidgen|mktemp")
"""Parts of names that no other name goes on after."""
_VARIABLE = regex(r"\$\{?(\w+)")


@rule("LIVE-PREFIX", gate="coordinate", category="liveness")
def another_session_by_its_prefix(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script ends or steers a tmux session by a name that also fits the beginning of other names.

    Why: tmux looks for a session of exactly the name that `-t` gives, and where there is none it takes one whose name begins with it.
    Once `agent-1` has ended, `kill-session -t agent-1` ends `agent-10`, `send-keys` types into it, and `has-session` says that it lives.
    Passes: `-t "=$name"`, ids of sessions and panes, names that are constants of the script.
    Do: Write `-t "=$name"` for sessions (`-t "=$name:"` where a window or pane is meant).
    Source: tmux(1), COMMANDS, target-session.
    """
    texts = [text for text in shell_texts if text.kind == "script"]
    if not any("tmux" in text.text for text in texts):
        raise NotApplicable("no script uses tmux")
    yield from told((found for text in texts if "new-session" in text.text for found in _of(tree, text)), each=1)


def _of(tree: Tree, text: ShellText) -> Iterator[Finding]:
    used = [(one, words) for one in text.commands for words in list(peeled(one.words))[-1:] if words[:1] == ("tmux",)]
    named = {name for _, words in used if "new-session" in words or "new" in words[1:2] for name in _option(words, "s")}
    named = {name for name in named if _varies(text, name)}
    for one, words in used:
        act = next((_ACTS[w] for w in words[1:] if w in _ACTS), "")
        target = next(iter(_option(words, "t")), "")
        if act and target.split(":")[0] in named:
            yield place(
                tree, text, one.node, f"tmux {act} the session whose name begins with {target} where none has exactly that name",
                "Another session, whose name goes on after that, is ended or gets the keys.", "possible",
            )  # fmt: skip


def _option(words: tuple[str, ...], letter: str) -> Iterator[str]:
    for at, word in enumerate(words[:-1]):
        if re.fullmatch(rf"-[a-zA-Z]*{letter}", word):
            yield words[at + 1]


def _varies(text: ShellText, name: str) -> bool:
    """Does a name come from outside, a loop or a count, and not from constants of the script?"""
    for variable in _VARIABLE.findall(name):
        if variable.isdigit():
            return True
        given = re.findall(rf"(?m)(?:^|[\s;(]){variable}=(.*)$", text.text)
        looped = re.search(rf"\bfor\s+{variable}\s+in\b|\bread\b[^\n|;]*\b{variable}\b", text.text)
        if any(_ALONE.search(value) for value in given):
            continue
        if looped or not given or any(re.search(r"\$(?!\{\w+:?-[\w./-]*\})", value) for value in given):
            return True
    return False
