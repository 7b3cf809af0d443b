"""Who starts which script, and whether a person sits in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Docs
from session_ops.discovery.references import Place, Reference, References
from session_ops.patterns import regex
from session_ops.registry import fact

_ALONE: dict[Place, str] = {"hook": "hook", "ci": "CI", "systemd": "service", "dockerfile": "container", "compose": "container"}
"""Places that start things where nobody answers, and what to call them."""
_CRON = regex(r"(?:^|/)(?:crontab|cron(?:tab)?\.[\w.]+|[\w-]+\.cron)$|(?:^|/)cron\.(?:d|daily|hourly|weekly|monthly)/")
_GIT_HOOK = regex(r"(?:^|/)\.?(?:git)?hooks/(?:pre|post|commit|prepare|update|applypatch)[\w-]*$|(?:^|/)\.husky/[\w-]+$")


@dataclass(frozen=True)
class Call:
    """One place that starts a script. `headless`: by its nature (hook, CI, cron, systemd, container, agent) nobody answers there.

    `imported`: it takes the script in as a module, and what it then calls of it is not known.
    """

    script: str
    source: str
    line: int
    headless: bool
    who: str
    imported: bool = False


@dataclass(frozen=True)
class Callers:
    """All calls, from the reference graph."""

    calls: tuple[Call, ...]
    _found: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _started: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def of(self, script: str) -> tuple[Call, ...]:
        """Every place that starts this script."""
        return tuple(call for call in self.calls if call.script == script)

    def headless(self, script: str) -> str:
        """Who starts this script without a terminal, directly or through other scripts ("hook .claude/settings.json:8 > bin/start.sh").

        The shortest chain; empty if nobody does. The script's own name is left out, so that a chain of one is the starter alone.
        """
        if not self._found:
            self._found.update(_chains(self.calls))
        return self._found.get(script, "")

    def only_imported(self, script: str) -> bool:
        """Is a script that runs headless only taken in as a module by what runs there, at any step of the chain?"""
        if not self._started:
            self._started.update(_chains(tuple(call for call in self.calls if not call.imported)))
        return bool(self.headless(script)) and script not in self._started


@fact
def callers(references: References, docs: Docs) -> Callers:
    """Every start of a script that is there: by another script, a hook, CI, a unit, a container, make, npm or an agent's definition.

    A source or an import hands the caller's situation on: what a headless script sources runs headless too.
    """
    agents = {doc.path for doc in docs if doc.role == "agent" and not is_aside(doc.path)}
    calls = {
        call: None
        for reference in references
        if reference.verdict == "resolves" and reference.act in ("run", "source", "import")
        for call in [_call(reference, agents)]
        if call is not None
    }
    return Callers(tuple(sorted(calls, key=lambda c: (c.script, c.source, c.line))))


def _call(reference: Reference, agents: set[str]) -> Call | None:
    if reference.act == "import" and reference.target.endswith(".json"):
        return None  # what reads a package.json starts none of its scripts
    if reference.place == "markdown":
        if reference.source not in agents or reference.act == "import":
            return None  # a person reads it and sits there
        return Call(reference.target, reference.source, reference.line, True, "agent")
    if _CRON.search(reference.source):
        return Call(reference.target, reference.source, reference.line, True, "cron")
    if _GIT_HOOK.search(reference.source):
        return Call(reference.target, reference.source, reference.line, True, "git hook")
    who = _ALONE.get(reference.place, "")
    name = who or PurePosixPath(reference.source).name
    return Call(reference.target, reference.source, reference.line, bool(who), name, reference.act == "import")


def _chains(calls: tuple[Call, ...]) -> dict[str, str]:
    """Breadth first from everything that is headless by its nature, so that the shortest chain wins."""
    started: dict[str, list[Call]] = {}
    for call in calls:
        started.setdefault(call.source, []).append(call)
    found: dict[str, str] = {}
    for call in calls:
        if call.headless:
            found.setdefault(call.script, f"{call.who} {call.source}:{call.line}")
    queue = list(found)
    for script in queue:
        for call in started.get(script, ()):
            if call.script not in found:
                found[call.script] = f"{found[script]} > {script}"
                queue.append(call.script)
    return found
