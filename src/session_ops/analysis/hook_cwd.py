"""Hooks that are found only from one folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree, normal
from session_ops.model import Confidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_RELATIVE = regex(
    r"(?:(?:bash|sh|zsh|python3?|node|bun|deno run|ruby|npx tsx|tsx|uv run)\s+(?:-\S+\s+)*)?"
    r"(?P<path>(?:\.{1,2}/)?(?!node_modules/|usr/|bin/(?:ba|z)?sh)\.?[\w-][\w.-]*(?:/[\w.-]+)+)(?:\s|$)"
)
_EVENTS = regex(
    r"\b(?:PreToolUse|PostToolUse|UserPromptSubmit|SessionStart|SessionEnd|SubagentStop|PreCompact|Stop|Notification)\b[\"']?\s*[:\]}=]"
)
_COMMAND = regex(r"[\"']?command[\"']?\s*(?::|=>|=)\s*(?:[rf]?[\"'`](?P<said>[^\"'`\n]+)[\"'`]|(?P<name>[A-Za-z_]\w+)\b)")
_OTHER_EVENTS = frozenset(("apiKeyHelper", "statusLine", "subagentStatusLine"))
_WRITERS = ("python", "javascript", "typescript", "shell", "go", "ruby", "rust")


@rule("HOST-CWD", gate="relocate", category="portability")
def hook_of_one_folder(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A hook's command is a path relative to whatever folder the agent is in.

    Why: Claude Code starts hooks in its current directory, which `cd` and worktrees change; from any other folder than the project's root
    the file is not found, and a guard that should have stopped something is not asked. A plugin's hook runs in the user's project, where
    the plugin's files never are. Looked at are settings of hooks, and code that writes such settings.
    Passes: `$CLAUDE_PROJECT_DIR/…`, `${CLAUDE_PLUGIN_ROOT}/…`, absolute paths, commands that look for the root first.
    Do: Write `"$CLAUDE_PROJECT_DIR"/.claude/hooks/x.sh` in a project's settings, `${CLAUDE_PLUGIN_ROOT}/hooks/x.sh` in a plugin.
    Source: Claude Code documentation, Hooks reference, "Reference scripts by path" and "Hook execution details".
    """
    looked = False
    told: dict[tuple[str, bool], list[tuple[int, str]]] = {}
    for hook in deployment.hooks:
        if hook.event.startswith("mcp:") or hook.event in _OTHER_EVENTS or not hook.line or is_aside(hook.path):
            continue
        looked = True
        match = _RELATIVE.match(hook.command)
        if match and (where := _holder(tree, hook.path, match["path"])):
            told.setdefault((hook.path, where == "plugin"), []).append((hook.line, match["path"]))
    for entry in tree.files(*_WRITERS):
        text = tree.text(entry.path)
        if (
            "command" not in text
            or "ooks" not in text
            or not _EVENTS.search(text)
            or is_aside(entry.path)
            or is_document(entry.path)
        ):
            continue
        looked = True
        for line, path in _written(text):
            told.setdefault((entry.path, False), []).append((line, path))
    if not looked:
        raise NotApplicable("no hook is set")
    for (source, plugin), places in sorted(told.items()):
        line, path = places[0]
        sure: Confidence = "likely" if plugin else "possible"
        yield Finding(
            f"the hook {path} is looked for in the folder that the agent happens to be in"
            + (", the user's project; the plugin's files are elsewhere" if plugin else ""),
            tree.evidence(source, line),
            tuple(tree.evidence(source, n) for n, _ in places[1:20] if n != line),
            "No such file or directory: what the hook should do or stop is not done.",
            sure,
        )


def _holder(tree: Tree, source: str, path: str) -> str:
    """Whose settings name a file of the target: a plugin's or a project's; empty where the file is not there (another rule tells)."""
    folder = source.rpartition("/")[0]
    if re.search(r"(?:^|/)\.claude/settings[\w.-]*\.json$", source):
        top = folder.removesuffix(".claude").rstrip("/")
        return "project" if normal(f"{top}/{path}".lstrip("/")) in tree.entries else ""
    top = folder.rpartition("/")[0] if folder.endswith(("hooks", ".claude-plugin")) else folder
    manifest = f"{top}/.claude-plugin/plugin.json".lstrip("/")
    name = source.rpartition("/")[2]
    # other agents' hooks lie beside Claude Code's, and theirs may run elsewhere
    of_claude = name in ("hooks.json", "plugin.json") or (manifest in tree.entries and name in tree.text(manifest))
    if of_claude and manifest in tree.entries and normal(f"{top}/{path}".lstrip("/")) in tree.entries:
        return "plugin"
    return ""


def _written(text: str) -> Iterator[tuple[int, str]]:
    """(line, path) of the hook commands which a program puts into settings, given there or by a constant of the same file."""
    lines = text.split("\n")
    for match in _COMMAND.finditer(text):
        at, said = match.start(), match["said"] or ""
        if match["name"]:
            constant = re.search(rf"(?m)\b{match['name']}\b[^=\n]*=\s*[rf]?[\"'`](?P<said>[^\"'`\n]+)[\"'`]", text)
            if constant is None:
                continue
            at, said = constant.start("said"), constant["said"]
        path = _RELATIVE.match(said)
        line = text.count("\n", 0, at) + 1
        around = "\n".join(lines[max(0, line - 8) : line + 6])
        typed = re.search(
            r"[\"']?type[\"']?\s*(?::|=>|=)\s*[\"']command[\"']",
            "\n".join(lines[max(0, text.count(chr(10), 0, match.start()) - 3) :][:8]),
        )
        if (
            path
            and typed
            and "{" not in said
            and re.search(r"/(?:[\w-]*hooks?|scripts?|bin)/|hook", path["path"])
            and "PROJECT_DIR" not in around
        ):
            yield line, path["path"]
