"""Commands that hook, plugin and MCP files let an agent start."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.deployment.model import Hook
from session_ops.discovery.deployment.yaml import Notes
from session_ops.discovery.files import Tree
from session_ops.patterns import regex

_HOOKS = regex(r"(?:^|/)(?:\.claude/settings[\w.-]*\.json|hooks/[\w.-]+\.json|hooks\.json|plugin\.json)$")
_SERVERS = regex(r"(?:^|/)(?:\.?mcp\.json|\.(?:vscode|cursor|roo|gemini|claude)/(?:mcp|settings[\w.-]*)\.json|plugin\.json)$")
_COMMENT = regex(r"\"(?:\\.|[^\"\\\n])*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING = regex(r"\"(?:\\.|[^\"\\\n])*\"|,(?=\s*[}\]])", re.DOTALL)


def read_hooks(tree: Tree, notes: Notes) -> tuple[Hook, ...]:
    """Every command of every such file, with the line that names it."""
    found: list[Hook] = []
    for entry in tree.files("json"):
        hooks, servers = _HOOKS.search(entry.path), _SERVERS.search(entry.path)
        if not hooks and not servers:
            continue
        text = tree.text(entry.path).removeprefix("\ufeff")
        try:
            data = json.loads(_without_comments(text) if ".vscode/" in entry.path else text)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", 0)
            notes.problems.append((entry.path, line, f"not valid JSON: {getattr(error, 'msg', 'nested too deeply')}"))
            continue
        if not isinstance(data, dict):
            continue
        places = _Places(text)
        if hooks:
            found += (Hook(entry.path, event, command, places.line(said)) for event, command, said in _commands(data))
        if servers:
            places = _Places(text)
            found += (Hook(entry.path, event, command, places.line(said)) for event, command, said in _mcp(data))
    return tuple(found)


def _without_comments(text: str) -> str:
    bare = _COMMENT.sub(lambda m: m[0] if m[0].startswith('"') else re.sub(r"[^\n]", " ", m[0]), text)
    return _TRAILING.sub(lambda m: m[0] if m[0].startswith('"') else " ", bare)


def _commands(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(event, command, text to look for) of the `hooks` table and of `statusLine`, in file order."""
    for key, value in data.items():
        if key == "hooks" and isinstance(value, dict):
            for event, matchers in value.items():
                for matcher in matchers if isinstance(matchers, list) else []:
                    inner = matcher.get("hooks", [matcher]) if isinstance(matcher, dict) else []
                    for hook in inner if isinstance(inner, list) else []:
                        if isinstance(hook, dict) and isinstance(command := hook.get("command"), str):
                            yield event, _whole(command, hook.get("args")), command
        elif key in ("statusLine", "apiKeyHelper", "subagentStatusLine"):
            command = value.get("command") if isinstance(value, dict) else value
            if isinstance(command, str):
                yield key, command, command


def _mcp(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key in ("mcpServers", "servers"):
        servers = data.get(key)
        for name, server in servers.items() if isinstance(servers, dict) else []:
            if isinstance(server, dict) and isinstance(command := server.get("command"), str):
                yield f"mcp:{name}", _whole(command, server.get("args")), command


def _whole(command: str, args: object) -> str:
    words = [a for a in args if isinstance(a, str)] if isinstance(args, list) else []
    return " ".join([command, *(shlex.quote(a) if re.search(r"\s", a) else a for a in words)])


class _Places:
    """Lines of JSON strings, looked for onwards from the last one found."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def line(self, said: str) -> int:
        for spelt in dict.fromkeys(
            (json.dumps(said, ensure_ascii=False), json.dumps(said), json.dumps(said).replace("/", "\\/"))
        ):
            at = self._text.find(spelt, self._at)
            if at < 0:
                at = self._text.find(spelt)
            if at >= 0:
                self._at = at + len(spelt)
                return self._text.count("\n", 0, at) + 1
        return 0
