"""The commands that documents tell people to type, line by line, and why some of them are not tried."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Block, Doc, Docs, Role
from session_ops.model import Gate

SHELLS = frozenset(("bash", "sh", "shell", "zsh", "console", "terminal", "shell-session", "shellsession", ""))
_PROMPT = re.compile(r"^\s*(?:[\w.-]+@[\w.-]+:[^$#]*)?[$%>❯]\s+")
_COMMENT = re.compile(r"(?:^|\s)#(?=\s|$|[A-Za-z]).*$")
_CD = re.compile(r"cd\s+(\"[^\"]+\"|'[^']+'|[^\s;&|]+)\s*(?:(?:&&|;)\s*(?P<rest>.+))?$")
_WORD = re.compile(r"[A-Za-z_./~][\w./~+-]*$")
_ASSIGNED = re.compile(r"^(?:\s*[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s;&|]*)\s+)+")
_PLACEHOLDER = re.compile(
    r"<[A-Za-z][\w .:/|-]*>|\{\{|\[[A-Za-z][\w -]*\]|\.\.\.|…|\byour[-_ ]|\bmy[-_](?:project|repo|app|org|key)|/path/to/|\bxxx+\b"
    r"|\bYOUR_|\bexample\.(?:com|org)",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"\b(?:curl|wget|ssh|scp|rsync|gh|aws|gcloud|az|kubectl|helm|terraform|ngrok|brew|apt(?:-get)?|yum|dnf|apk|pacman|snap)\s"
    r"|\bgit\s+(?:clone|fetch|pull|push|ls-remote|submodule)\b|\b(?:npx|uvx|pipx|bunx|pnpx)\b|https?://"
)
_INSTALLS = re.compile(
    r"\b(?:pip3?|uv|poetry|pdm|conda|npm|pnpm|yarn|bun|gem|bundle|cargo|go|deno)\s+(?:pip\s+)?(?:install|i|ci|add|sync|get|update|upgrade|publish|login)\b"
)
_CONTAINER = re.compile(r"\b(?:docker|docker-compose|podman|nerdctl|systemctl|launchctl|service|sudo|doas|su)\b")
_DESTROYS = re.compile(
    r"\brm\s+-[a-z]*[rf]|\bmkfs|\bdd\s+if=|\bshutdown\b|\breboot\b|\bkill(?:all)?\s|\bpkill\s|\bgit\s+(?:reset\s+--hard|clean)\b|>\s*/(?:etc|dev|usr)/"
)
_PERSON = re.compile(
    r"^(?:\w+=\S*\s+)*(?:vi|vim|nvim|nano|emacs|code|less|more|man|top|htop|watch|open|xdg-open|claude|codex|gemini|cursor|tmux|screen|tail\s+-[fF])(?=\s|$)"
)


@dataclass(frozen=True)
class Told:
    """A command that a document gives: its text, the folder it is typed in (relative to the target), where it stands, and that document's role."""

    text: str
    folder: str
    path: str
    line: int
    role: Role

    @property
    def words(self) -> tuple[str, ...]:
        """Its words, without leading assignments; empty where the shell would refuse it."""
        try:
            return tuple(shlex.split(_ASSIGNED.sub("", self.text + " ").strip()))
        except ValueError:
            return ()


def told(docs: Docs) -> Iterator[Told]:
    """Every command of a shell block of the readme and the documents, the readme first, each text once."""
    roles = ("readme", "agent-rules", "doc")
    seen: set[tuple[str, str]] = set()
    for doc in sorted(
        (d for d in docs if d.role in roles and not is_aside(d.path)),
        key=lambda d: (roles.index(d.role), d.path.count("/"), d.path),
    ):
        for block in doc.blocks:
            if block.language in SHELLS:
                for one in _lines(block, doc):
                    if (one.text, one.folder) not in seen:
                        seen.add((one.text, one.folder))
                        yield one


def gate_of(role: Role, roles: Collection[Role]) -> Gate:
    """The gate that a command of a document is for, where its fellows stand in documents of these roles.

    The readme and the rules for agents say what a target is started by. A command that only a further document gives costs its reader
    the way (`follow`), not the target its start; where no other document gives one, it is what people start the target by.
    """
    return Gate.FOLLOW if role == "doc" and any(other != "doc" for other in roles) else Gate.START


def _lines(block: Block, doc: Doc) -> Iterator[Told]:
    """The commands of a block. Where some lines have a prompt, the others are output. `cd` is followed within the block."""
    lines = block.text.split("\n")
    prompted = any(_PROMPT.match(line) for line in lines)
    folder, joined, start, here = "", "", 0, ""
    for number, line in enumerate(lines, start=block.line):
        if here:
            here = "" if line.strip() == here else here
            continue
        if not joined:
            if prompted and not _PROMPT.match(line):
                continue
            start = number
        text = joined + (line if joined else _PROMPT.sub("", line))
        if text.rstrip().endswith("\\"):
            joined = text.rstrip()[:-1].rstrip() + " "
            continue
        joined = ""
        command = _COMMENT.sub("", text).strip()
        if match := re.search(r"<<-?\s*['\"]?(\w+)", command):
            here = match[1]
            continue
        if moved := _CD.match(command):
            target = moved[1].strip("\"'")
            folder = target if not folder or target.startswith(("/", "~")) else f"{folder}/{target}"
            command = moved["rest"] or ""
        first = _ASSIGNED.sub("", command + " ").split(maxsplit=1)
        if command and len(command) < 500 and first and _WORD.match(first[0]):
            yield Told(command, folder, doc.path, start, doc.role)


def unfit(command: str) -> str:
    """Why a documented command is not tried in a sandbox; empty where it is."""
    for pattern, why in (
        (_PLACEHOLDER, "it holds a placeholder"),
        (_PERSON, "it wants a person"),
        (_CONTAINER, "it needs a service manager, a container engine or another user"),
        (_INSTALLS, "it installs from a registry"),
        (_NETWORK, "it needs the network"),
        (_DESTROYS, "it deletes or ends things"),
    ):
        if pattern.search(command):
            return why
    return ""
