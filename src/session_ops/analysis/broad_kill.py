"""Commands that end more than the script started: by a broad name, a whole server, every container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.headless import folded
from session_ops.discovery.aside import is_test, not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellTexts
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHARED = (
    r"(?:node|nodejs|npm|npx|bun|deno|python[\d.]*|ruby|java|php|bash|sh|zsh|claude|codex|gemini|aider|opencode|cursor|tmux|ssh|chrome|chromium"
    r"|docker|vite|next|uvicorn|gunicorn)"
)
"""Programs that the user, other sessions and other projects run as well."""
KILLS = regex(
    rf"\b(?:killall\s+(?:-\S+\s+)*[\"']?(?P<all>{SHARED})[\"']?(?=\s|$|[;|&)])"
    rf"|pkill\s+(?!(?:-\S+\s+)*-(?:P|g|s|t)\b)(?:-\S+\s+)*[\"']?\^?(?P<name>{SHARED})\s*\$?[\"']?(?=\s*(?:$|[;|&)>]|\d>|\|\|))"
    r"|tmux\s+(?P<server>kill-server)\b"
    r"|docker\s+(?:rm|stop|kill)\s+(?:-\S+\s+)*\$\(\s*docker\s+ps\s+(?P<every>-[aq]+(?:\s+-[aq]+)*)\s*\))",
    re.MULTILINE,
)
LISTED = regex(rf"[\"'](?:pkill|killall)[\"']\s*,\s*\[(?:\s*[\"']-\w+[\"']\s*,)*\s*[\"']\^?(?P<name>{SHARED})\s*\$?[\"']\s*\]")
ASKED = regex(
    r"\bread\b|confirm|clean|teardown|wipe|purge|hard|--force|--all|FORCE|nuke|kill-?all|reset|uninstall|emergency|panic",
    re.IGNORECASE,
)


@rule("CLEAN-BROAD", gate="coordinate", category="cleanup")
def ends_what_others_run(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script ends every process of a name, the whole tmux server or all containers, not only what it started.

    Why: `pkill -f claude`, `killall node` and `tmux kill-server` take the user's own sessions with them, those of other projects, and often the
    one in which the script runs. Passes: a pid that was kept, `tmux kill-session -t =name`, `tmux -L own kill-server`, patterns with a path or
    further words, `docker ps --filter`, tests, and (as a mere possibility) what is meant to end everything or asks before.
    Do: Keep the pid at the start (`$!`) and end that one, end the session by its name, or label the containers and filter by the label.
    Source: pkill(1), killall(1); tmux(1), kill-server.
    """
    if not shell_texts and not any(True for _ in tree.files("python", "javascript", "typescript")):
        raise NotApplicable("no code")
    found: list[Finding] = []
    for text in shell_texts:
        if text.kind != "script" or text.aside or is_test(text.path) or not re.search(r"kill|docker", text.text):
            continue
        for row, line in enumerate(text.lines):
            match = KILLS.search(line) if "kill" in line or "docker" in line else None
            if (
                match is None
                or line.lstrip().startswith("#")
                or re.search(r"\b(?:echo|printf|log\w*|info|warn\w*)\b[^;|&]*$", line[: match.start()])
            ):
                continue
            near = "\n".join((text.path, *text.lines[max(0, row - 12) : row + 1]))
            found.append(_finding(tree, text.path, text.first + row, match, "possible" if ASKED.search(near) else "likely"))
    for entry in tree.files("python", "javascript", "typescript"):
        code = tree.text(entry.path)
        if (
            entry.vendored
            or not_deployed(entry.path)
            or is_test(entry.path)
            or not re.search(r"pkill|killall|kill-server", code)
        ):
            continue
        for pattern in (LISTED, KILLS):
            for match in pattern.finditer(code):
                line_text = tree.lines(entry.path)[code.count("\n", 0, match.start())]
                if not line_text.lstrip().startswith(("#", "//", "*")) and re.search(r"[\"'`]", line_text):
                    found.append(_finding(tree, entry.path, code.count("\n", 0, match.start()) + 1, match, "possible"))
    yield from folded(found, 2, 6)


def _finding(tree: Tree, path: str, line: int, match: re.Match[str], sure: Confidence) -> Finding:
    given = match.groupdict()
    what = given.get("all") or given.get("name") or ""
    said = (
        f"every {what} of this user"
        if what
        else "every session of the tmux server"
        if given.get("server")
        else "every container of this machine"
    )
    return Finding(
        f"this ends {said}, not only what was started here",
        tree.evidence(path, line),
        impact="Sessions of the user and of other projects end with it, without a word to them.",
        confidence=sure,
    )
