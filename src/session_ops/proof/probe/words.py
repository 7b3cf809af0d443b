"""Words of commands: which step of a session a verb stands for, and what a placeholder means."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Literal

Step = Literal["start", "make", "beat", "lock", "end", "reap"]
STEPS: tuple[Step, ...] = ("start", "make", "beat", "lock", "end", "reap")
MAKES = frozenset(("create", "add", "new", "submit", "enqueue", "post", "push"))
"""Verbs that make what is then claimed: a task on a board, a job in a queue."""
VERBS: dict[Step, frozenset[str]] = {
    "start": frozenset(("start", "begin", "register", "join", "checkin", "open", "new", "init", "create")),
    "beat": frozenset(("heartbeat", "beat", "ping", "keepalive", "touch")),
    "lock": frozenset(("lock", "acquire", "claim", "reserve")),
    "end": frozenset(("end", "stop", "finish", "close", "deregister", "unregister", "leave", "complete", "checkout")),
    "reap": frozenset(("reap", "reaper", "cleanup", "gc", "expire", "prune", "sweep")),
}
"""Verbs by step; `release` and `unlock` end what consists of a lock alone."""
RELEASE = frozenset(("release", "unlock"))
ENDS = frozenset(("complete", "done", "finish", "close")) | RELEASE
"""Verbs that end what was claimed."""
NOUNS = frozenset(("session", "sessions", "agent", "agents", "worker", "task", "lock", "claim"))
OTHERS = frozenset(
    ("server", "dashboard", "monitor", "monitoring", "docker", "dev", "test", "tests", "install", "setup", "web", "ui", "api", "demo")
    + ("example", "build", "service", "compose", "db", "migrate", "project", "swarm", "list", "show", "status", "view", "watch", "hook", "all")
)  # fmt: skip
"""Words that say that something else than a session is meant."""
VAGUE = frozenset(("init", "new", "open", "create", "touch", "close", "complete"))
"""Verbs that need a noun beside them."""
INTERPRETERS = frozenset(("bash", "sh", "zsh", "python", "python3", "node", "ruby"))
PLACE = re.compile(r"<[^<>]+>|\[[^\[\]]+\]|\{[^{}]+\}|\$\{?\w+\}?|[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*(?=$|[\s|])|\.\.\.|…")
MEANINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"session[ _-]?name", re.IGNORECASE), "{agent}"),
    (re.compile(r"session|\bsid\b|^id$", re.IGNORECASE), "{session}"),
    (re.compile(r"resource|lock|file|path|\bkey\b", re.IGNORECASE), "{resource}"),
    (re.compile(r"agent|^name$|who|worker|owner|user|role", re.IGNORECASE), "{agent}"),
    (re.compile(r"task|ticket|issue|goal|topic|title|desc|text|message|note|reason|summary", re.IGNORECASE), "{task}"),
    (re.compile(r"seconds|timeout|ttl|count|number", re.IGNORECASE), "5"),
)


def argument(word: str) -> str:
    """An argument of a doc's line: a placeholder by what it is called, a literal as it is; optional things that nobody knows are left out."""
    if not PLACE.fullmatch(word):
        return "{task}" if " " in word else shlex.quote(word)
    name = word.strip("<>[]{}$.… ")
    optional = word.startswith("[")
    if name.startswith("-") or not name:
        return "" if optional else "{task}"
    meaning = next((placeholder for pattern, placeholder in MEANINGS if pattern.search(name)), "")
    return meaning or ("" if optional else "{task}")


def split(words: Iterable[str]) -> frozenset[str]:
    """The parts of several words."""
    return frozenset(part for word in words for part in names_in(word))


def names_in(word: str) -> frozenset[str]:
    """The parts of a name, in lower case: `Session-start.sh` is session, start and sh."""
    return frozenset(part for part in re.split(r"[-_.\s]+", word.lower()) if part)


def step_of(words: frozenset[str]) -> Step | None:
    """The step that words stand for; a release is the end of what is a lock alone."""
    if words & RELEASE:
        return "end"
    for step in ("beat", "reap", "end", "start", "lock"):
        if words & VERBS[step]:
            return step
    return None


def noun_points(words: frozenset[str]) -> int:
    """How much words speak of a session: 3 for session or agent, 1 for a task or a lock."""
    return 3 if words & {"session", "sessions", "agent"} else 1 if words & NOUNS else 0


def usage(text: str, verbs: str, name: str) -> list[str]:
    """The arguments that a script's own usage gives for a verb (or for itself): the line with most of them."""
    start = re.escape(verbs).replace(r"\ ", r"\s+") if verbs else re.escape(name)
    place = r"<[^<>\n]+>|\[[^\[\]\n]+\]|[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*(?![\w'\"])"
    best: list[str] = []
    for match in re.finditer(rf"(?m)^[^\n]*?(?<![\w$-]){start}(?:\|[\w|-]+)?((?:[ \t]+(?:{place}))+)", text):
        words = [argument(word) for word in re.findall(place, match[1])]
        words = [word for word in words if word]
        if len(words) > len(best):
            best = words
    return best
