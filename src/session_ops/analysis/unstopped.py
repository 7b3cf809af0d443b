"""Background processes that a script starts and nothing ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

KEPT = regex(r"^[ \t]*(?:local[ \t]+|declare[ \t]+)?(?P<name>\w+)=[\"']?\$![\"']?[ \t]*(?:#.*)?$")
LEAVES = regex(r"\btrap\b|\bdisown\b|\bsetsid\b|\bdaemon|systemd-run|launchctl|start-stop-daemon")
TELLS = regex(r"^\s*(?:echo|printf|log\w*|info|success|print_\w+)\s[^>|]*$")


@rule("CLEAN-CHILD", gate="coordinate", category="cleanup")
def kept_pid_is_never_used(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script keeps the pid of a process that it started in the background, and nothing ever stops that process.

    Why: the pid is kept in a variable that is at most printed; when the script ends, or is ended with Ctrl-C, the server or watcher goes on,
    holds its port, and the next start finds it taken or starts a second one.
    Passes: a pid that is killed, waited for or written to a file, a trap, disown, nohup and setsid, which mean it to go on, a script or
    command of the project that stops it by name.
    Do: Add `trap 'kill "$PID" 2>/dev/null' EXIT` after the start; or write the pid to a file and add a command that stops it.
    Source: POSIX.1-2024, Shell 2.9.3.1 (asynchronous lists); bash manual, Signals.
    """
    if not any(text.kind == "script" for text in shell_texts):
        raise NotApplicable("no shell scripts")
    found: list[Finding] = []
    for text in shell_texts:
        if text.kind != "script" or text.aside or "$!" not in text.text or LEAVES.search(text.text):
            continue
        for row, line in enumerate(text.lines):
            kept = KEPT.match(line)
            if kept is None or "nohup" in "\n".join(text.lines[max(0, row - 3) : row]):
                continue
            uses = [other for n, other in enumerate(text.lines) if n != row and re.search(rf"\b{kept['name']}\b", other)]
            if all(TELLS.match(use) or use.lstrip().startswith("#") for use in uses) and not _stopped_by_name(
                tree, text.lines, row
            ):
                found.append(
                    place(
                        tree,
                        text,
                        text.first + row,
                        f"the pid of what runs in the background is kept in {kept['name']}, and nothing ever stops it",
                        "It goes on when the script has ended: its port stays taken, and every start adds one more.",
                        "possible",
                    )
                )
    yield from told(found, 1, 4)


def _stopped_by_name(tree: Tree, lines: list[str], row: int) -> bool:
    """Does some script of the project end what was started here by its name?"""
    started = next((x for x in reversed(lines[: row + 1]) if re.search(r"(?<!&)&\s*(?:$|#|\w+=)", x)), "")
    words = {w.rsplit("/", 1)[-1] for w in re.findall(r"[\w./-]{4,}", started.partition(">")[0])} - {
        "null",
        "bash",
        "python3",
        "node",
    }
    for entry in tree.files("shell", "makefile"):
        text = tree.text(entry.path)
        if "pkill" in text or "killall" in text:
            ended = "\n".join(x for x in text.split("\n") if "kill" in x)
            if any(word in ended for word in words):
                return True
    return False
