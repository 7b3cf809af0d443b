"""Scripts that steer tmux before it has a server, or by numbers that its user may have changed."""

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

_OPTIONS = frozenset(
    ("set", "set-option", "setw", "set-window-option", "bind", "bind-key", "set-environment", "setenv", "set-hook")
)
_MAKES = frozenset(("new-session", "new", "start", "attach", "attach-session"))
_NUMBERED = regex(r"[^\s:]+:0(?:\.\d+)?$")
_BASED = regex(r"base-index|-f\s+/dev/null|tmux\s+-f\s|window_index|list-windows|new-session[^\n]*-P|\btmux\s+-L\s")


@rule("PORT-TMUX", gate="relocate", category="portability")
def tmux_of_somebody_else(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A script sets options before tmux has a server, or takes the first window of a session for number 0.

    Why: tmux has a server while it has sessions: `set-option -g` before the first `new-session` answers "no server running" (`start-server`
    alone ends again at once), and only on a machine where nobody uses tmux. `base-index 1` is an ordinary line of a tmux.conf; there
    `session:0` is "can't find window: 0".
    Passes: `-f /dev/null`, a socket of its own, scripts that set base-index or ask for the window's index, windows with names.
    Do: Set options after new-session (or in the same call, `tmux new-session -d … \\; set-option …`); give the window a name (`-n main`) and
    steer `session:main`, or the session alone.
    Source: tmux(1), set-option, exit-empty, base-index, target-window.
    """
    texts = [text for text in shell_texts if text.kind == "script" and "tmux" in text.text]
    if not texts:
        raise NotApplicable("no script uses tmux")
    yield from told((found for text in texts for found in (*_before(tree, text), *_first(tree, text))), 1, 4)


def _calls(text: ShellText) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, words behind tmux and its own options) of each call, in order."""
    for one in text.commands:
        for words in list(peeled(one.words))[-1:]:
            if words[:1] == ("tmux",) and len(words) > 1:
                yield text.line(one.node), words[1:]


def _before(tree: Tree, text: ShellText) -> Iterator[Finding]:
    asked = re.search(r"(?:!\s*tmux|\|\|)[^\n]*has-session|has-session[^\n]*\|\|", text.text)
    if not asked or re.search(r"\btmux\s+(?:-\w+\s+\S+\s+)?(?:ls|list-sessions|info)\b", text.text):
        return
    calls = list(_calls(text))
    made = next((n for n, (_, words) in enumerate(calls) if words[0] in _MAKES and words[0] != "start"), None)
    if made is None:
        return
    for line, words in calls[:made]:
        if words[0] in _OPTIONS and text.text.count("\n", 0, asked.start()) < line and not _guarded(text, line):
            yield place(
                tree,
                text,
                line,
                f"`tmux {words[0]}` comes before the first new-session, when there may be no server",
                "It answers: no server running, and under `set -e` the script ends.",
                "likely" if text.ever("errexit") else "possible",
            )
            return


def _guarded(text: ShellText, line: int) -> bool:
    return re.search(r"\|\|", text.lines[line - text.first]) is not None


def _first(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if not re.search(r"\btmux\b[^\n]*\bnew(?:-session)?\b", text.text) or _BASED.search(text.text):
        return
    for line, words in _calls(text):
        target = next((words[n + 1] for n, word in enumerate(words[:-1]) if word == "-t"), "")
        if words[0] in (
            "send-keys",
            "send",
            "split-window",
            "rename-window",
            "select-window",
            "select-pane",
            "capture-pane",
        ) and _NUMBERED.match(target):
            yield place(
                tree,
                text,
                line,
                f"`-t {target}` is the first window only where nobody has set base-index",
                "With `base-index 1` in the user's tmux.conf: can't find window: 0.",
                "possible",
            )
            return
