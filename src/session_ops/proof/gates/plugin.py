"""Agent plugins and hooks: what their files name is there, and each command starts headless on the input that an agent would give it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment, Hook
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import CommandRun, Gate
from session_ops.proof.documented import unfit
from session_ops.proof.runs import Place, prover
from session_ops.registry import Facts

HOOK_S, SERVER_S = 20.0, 8.0
MOST_HOOKS = 12
ROOTS = ("CLAUDE_PROJECT_DIR", "CLAUDE_PLUGIN_ROOT", "CLAUDE_PLUGIN_DATA")
OWN = re.compile(
    r"\$\{?(?:CLAUDE_PROJECT_DIR|CLAUDE_PLUGIN_ROOT)\}?[\"']?/(?P<path>[\w./-]+)|(?:^|\s)(?:\./)?(?P<plain>(?:[\w.-]+/)+[\w.-]+)"
)
HOMELY = re.compile(r"(?:^|[\s\"'])(?:~|\$\{?HOME\}?)[\"']?/")
BLOCKED = 2
"""The exit status by which a hook refuses what the agent was about to do: an answer, no failure. Source: Claude Code, hooks reference."""
INPUT = {
    "session_id": "00000000-0000-4000-8000-000000000001", "transcript_path": "", "permission_mode": "default", "source": "startup",
    "prompt": "hello", "reason": "other", "tool_name": "Bash", "tool_input": {"command": "true", "description": "nothing"},
    "tool_response": {"stdout": "", "stderr": "", "interrupted": False}, "stop_hook_active": False, "message": "hello",
}  # fmt: skip
"""The fields that an agent writes to the input of a hook, of all events together. Source: Claude Code, hooks reference."""


@prover("any")
def plugin(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Read plugin files by their standard, look for what they name, and start hooks and servers."""
    manifests: Manifests = facts["manifests"]
    deployment: Deployment = facts["deployment"]
    for one in manifests:
        if one.ecosystem == "plugin" and not is_aside(one.path):
            yield place.check(Gate.SHIP, f"read {one.path} by the plugin reference", _problems(place, one))
    hooks = [hook for hook in deployment.hooks if not is_aside(hook.path)]
    seen: set[str] = set()
    for hook in hooks:
        if hook.command in seen:
            continue
        seen.add(hook.command)
        if len(seen) > MOST_HOOKS:
            yield place.skipped(Gate.START, hook.command, f"only the first {MOST_HOOKS} commands of hooks are started")
            return
        yield from _hook(place, hook)


plugin.gates = (Gate.SHIP, Gate.START)  # type: ignore[attr-defined]


def _problems(place: Place, one: Manifest) -> Iterator[str]:
    if one.broken:
        yield f"it does not parse: {one.broken}"
        return
    yield from (f"line {problem.line}: {problem.text}" for problem in one.problems if problem.sure)
    top = PurePosixPath(one.path).parent
    root = top.parent if top.name == ".claude-plugin" else top
    for entry in one.entry_points:
        if "://" in entry.value or not entry.value.startswith("."):
            continue
        path = str(root / entry.value).removeprefix("./")
        if not place.tree.exists(path):
            yield f"line {entry.line}: {entry.name} names {entry.value}, which is not there"


def _hook(place: Place, hook: Hook) -> Iterator[CommandRun]:
    """One command: what it names of the target is there; then it is started where an agent would start it."""
    root = _root(hook)
    lost = [
        path
        for path in _named(hook.command)
        if not place.tree.exists(f"{root}/{path}".lstrip("/")) and not place.tree.exists(path)
    ]
    shown = f"{hook.event}: {hook.command}"
    if lost and "||" not in hook.command:
        yield place.check(Gate.SHIP, f"look for what {hook.path}:{hook.line} names", [f"{path} is not there" for path in lost])
        return
    why = unfit(hook.command)
    if not why and HOMELY.search(hook.command):
        why = "it starts what an installer has put into the user's home"
    if why:
        yield place.skipped(Gate.START, shown, why)
        return
    top = place.inside(root)
    env = dict.fromkeys(ROOTS, str(top))
    if hook.event.startswith("mcp:"):
        yield place.run(
            Gate.START, f"{hook.command} < /dev/null", cwd=top, env=env, timeout_s=SERVER_S, shown=shown, serves=True
        )
        return
    about = INPUT | {"hook_event_name": hook.event, "cwd": str(top)}
    text = f"printf '%s\\n' {shlex.quote(json.dumps(about))} | {{ {hook.command}\n}}"
    yield place.run(Gate.START, text, cwd=top, env=env, timeout_s=HOOK_S, shown=shown, expect=(0, BLOCKED))


def _root(hook: Hook) -> str:
    """The folder that the agent takes for the project or the plugin: the one above .claude or hooks."""
    parts = PurePosixPath(hook.path).parts
    for name in (".claude", ".claude-plugin", "hooks", ".vscode", ".cursor"):
        if name in parts[:-1]:
            return "/".join(parts[: parts.index(name)])
    return "/".join(parts[:-1])


def _named(command: str) -> Iterator[str]:
    """Paths below the project that a command starts or hands to an interpreter."""
    for match in OWN.finditer(re.sub(r"\|\|.*$", "", command)):
        path = match["path"] or match["plain"]
        if path and re.search(r"\.(?:sh|bash|py|js|mjs|cjs|ts|rb)$", path):
            yield path.removeprefix("./")
